"""A run in forms that other programs read."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tutor.data.images import ImageSet
from tutor.training import export, tensorboard, train
from tutor.training.config import Config
from tutor.training.run_directory import Run


@pytest.fixture
def finished(made: Run, images: ImageSet) -> Run:
    train.run(made, images)
    return made


def exported(run: Run, form: str) -> bytes:
    return b"".join(export.exported(run, form))


def test_exports_a_table(finished: Run) -> None:
    lines = exported(finished, "csv").decode().splitlines()
    assert lines[0] == "step,epoch,lr,loss,train_loss,test_loss,test_accuracy"
    rows = [line.split(",") for line in lines[1:]]
    assert [int(row[0]) for row in rows] == list(range(23))
    assert [int(row[1]) for row in rows] == [0] + [1] * 11 + [2] * 11
    history = finished.history()
    assert [float(row[3]) for row in rows[1:]] == history.steps["loss"].tolist()
    assert [row[6] for row in rows if row[6]] == list(map(str, history.tests["test_accuracy"]))


def test_exports_json(finished: Run) -> None:
    told = json.loads(exported(finished, "json"))
    assert told["run"] == finished.id
    assert Config.from_values(told["config"]) == finished.config()
    assert told["state"]["state"] == "done"
    assert told["steps"]["loss"] == finished.history().steps["loss"].tolist()
    assert told["tests"]["train_loss"][0] is None


def test_exports_a_run_that_has_not_begun(made: Run) -> None:
    assert exported(made, "csv").count(b"\n") == 1
    assert json.loads(exported(made, "json"))["steps"] == {}
    assert len(list(records(exported(made, "tensorboard")))) == 1


def records(data: bytes) -> list[dict[str, Any]]:
    """Read an event file as its specification says, by the other way round."""
    found = []
    while data:
        length = int.from_bytes(data[:8], "little")
        assert int.from_bytes(data[8:12], "little") == masked(data[:8])
        body, data = data[12 : 12 + length], data[12 + length :]
        assert int.from_bytes(data[:4], "little") == masked(body)
        data = data[4:]
        found.append(message(body))
    return found


def masked(data: bytes) -> int:
    value = slow_crc32c(data)
    rotated = (value >> 15) | ((value & 0x7FFF) << 17)
    return (rotated + 0xA282EAD8) % 2**32


def slow_crc32c(data: bytes) -> int:
    """Divide polynomials bit by bit, the highest power first."""
    bits = [int(bit) for byte in data for bit in f"{byte:08b}"[::-1]] + [0] * 32
    for place in range(32):
        bits[place] ^= 1
    polynomial = [int(bit) for bit in f"{0x11EDC6F41:033b}"]
    for place in range(len(bits) - 32):
        if bits[place]:
            for offset, bit in enumerate(polynomial):
                bits[place + offset] ^= bit
    return int("".join(map(str, bits[-32:]))[::-1], 2) ^ 0xFFFFFFFF


def message(data: bytes) -> dict[int, Any]:
    """Return a protocol buffer's fields by number."""
    found: dict[int, Any] = {}
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        key = varint()
        match key & 7:
            case 0:
                found[key >> 3] = varint()
            case 1:
                found[key >> 3] = np.frombuffer(data, "<f8", 1, place)[0]
                place += 8
            case 2:
                length = varint()
                found[key >> 3] = data[place : place + length]
                place += length
            case 5:
                found[key >> 3] = np.frombuffer(data, "<f4", 1, place)[0]
                place += 4
    return found


def test_the_checksum_is_crc_32c() -> None:
    """RFC 3720, appendix B.4."""
    assert tensorboard.crc32c(b"123456789") == 0xE3069283
    assert tensorboard.crc32c(bytes(32)) == slow_crc32c(bytes(32)) == 0x8A9136AA
    assert tensorboard.crc32c(bytes(range(32))) == 0x46DD794E


def test_exports_what_tensorboard_reads(finished: Run) -> None:
    first, *others = records(exported(finished, "tensorboard"))
    assert first[3] == b"brain.Event:2"
    values: dict[str, list[tuple[int, float, float]]] = {}
    for one in others:
        value = message(message(one[5])[1])
        values.setdefault(value[1].decode(), []).append((one.get(2, 0), one[1], float(value[2])))
    history = finished.history()
    assert [value for _, _, value in values["loss/train"]] == history.steps["loss"].tolist()
    assert [step for step, _, _ in values["loss/train"]] == list(range(1, 23))
    assert [step for step, _, _ in values["accuracy/test"]] == [0, 11, 22]
    times = [at for _, at, _ in values["loss/train"]]
    status = finished.status()
    assert times == sorted(times)
    assert status.started <= times[0]
    assert times[-1] <= status.ended + 1
    assert {"lr", "loss/test", "speed/samples_per_second"} <= values.keys()


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**32, 2**63 - 1])
def test_numbers_are_written_in_sevens(value: int) -> None:
    assert message(b"\x10" + tensorboard._varint(value)) == {2: value}


def test_exporting_needs_no_torch(finished: Run) -> None:
    code = (
        "import sys; from pathlib import Path; from tutor.training.export import exported;"
        "from tutor.training.run_directory import Run;"
        "list(exported(Run(Path(sys.argv[1])), 'csv')); sys.exit('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(finished.path)]
    assert subprocess.run(command, check=False).returncode == 0
