import hashlib
import json
import os
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from tutor.errors import TutorError
from tutor.training import checkpoint as checkpoints
from tutor.training.batches import Placed
from tutor.training.checkpoint import Checkpoint, Checkpoints
from tutor.training.config import Config
from tutor.training.errors import CheckpointError, DamagedError, SaveError
from tutor.training.state import weights_sha256
from tutor.training.trainer import Trainer


@pytest.fixture
def trainer(config: Config, placed: Placed) -> Trainer:
    made = Trainer(config, placed)
    made.learner.train(3, 60.0, lambda: False)
    made.learner.gather()
    return made


@pytest.fixture
def kept(tmp_path: Path, trainer: Trainer) -> Checkpoints:
    """A folder with the checkpoint of step 3."""
    made = Checkpoints(tmp_path)
    made.save(trainer.checkpoint())
    return made


def sidecar(kept: Checkpoints) -> Path:
    return kept.folder / "checkpoint-000000003.json"


def tensors(kept: Checkpoints) -> Path:
    (path,) = kept.folder.glob("*.safetensors")
    return path


def forge(kept: Checkpoints, data: bytes, **changes: Any) -> None:
    """Replace the tensors by other bytes that the JSON file vouches for."""
    digest = hashlib.sha256(data).hexdigest()
    table = json.loads(sidecar(kept).read_bytes())
    name = f"checkpoint-000000003-{digest[:16]}.safetensors"
    (kept.folder / name).write_bytes(data)
    table |= {"file": name, "size": len(data), "sha256": digest, **changes}
    sidecar(kept).write_text(json.dumps(table))


def reason(kept: Checkpoints) -> str:
    with pytest.raises(CheckpointError) as error:
        kept.load(3)
    return error.value.key.removeprefix("error.training.checkpoint.")


def at(checkpoint: Checkpoint, step: int) -> Checkpoint:
    return replace(checkpoint, place=replace(checkpoint.place, step=step))


def test_comes_back_bit_by_bit(kept: Checkpoints, trainer: Trainer, config: Config) -> None:
    found, saved = kept.load(3), trainer.checkpoint()
    assert found.config == config
    assert repr(found.place) == repr(saved.place)
    assert found.tensors.keys() == saved.tensors.keys()
    for name, one in saved.tensors.items():
        assert found.tensors[name].dtype == one.dtype
        assert torch.equal(found.tensors[name], one)


def test_holds_network_and_optimizer_by_readable_names(trainer: Trainer) -> None:
    names = trainer.checkpoint().tensors
    assert {"model.hidden.0.weight", "optimizer.exp_avg_sq.output.bias"} <= names.keys()
    assert len(names) == 4 + 3 * 4


def test_the_last_two_are_kept(tmp_path: Path, trainer: Trainer) -> None:
    kept = Checkpoints(tmp_path)
    for step in range(5):
        kept.save(at(trainer.checkpoint(), step))
    assert kept.steps() == [3, 4]
    assert (
        sorted(path.suffix for path in tmp_path.iterdir()) == [".json"] * 2 + [".safetensors"] * 2
    )
    last, problems = kept.last()
    assert last is not None
    assert (last.place.step, problems) == (4, [])


def test_saving_a_step_again_replaces_it(kept: Checkpoints, trainer: Trainer) -> None:
    trainer.learner.set_rate(0.125)
    kept.save(trainer.checkpoint())
    assert kept.load(3).place.lr == 0.125
    assert len(list(kept.folder.iterdir())) == 2


def test_none_is_no_checkpoint(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "nowhere").last() == (None, [])
    with pytest.raises(DamagedError):
        Checkpoints(tmp_path).load(0)


def test_needless_files_are_tidied_away(kept: Checkpoints) -> None:
    for name in ("checkpoint-000000009-0123456789abcdef.safetensors",):
        (kept.folder / name).write_bytes(b"torn")
    (kept.folder / "config.json").write_text("{}")
    kept.tidy()
    assert len(list(kept.folder.iterdir())) == 3
    assert kept.load(3).place.step == 3


def test_a_pickle_is_not_opened(kept: Checkpoints, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.system, (f"touch {canary}",))

    for data in (pickle.dumps(Evil()), pickle.dumps({"model.hidden.0.weight": Evil()}, protocol=0)):
        forge(kept, data)
        assert reason(kept) == "header"
    torch.save({"w": Evil()}, tensors := tmp_path / "torch.pt")
    forge(kept, tensors.read_bytes())
    assert reason(kept) == "header"
    assert not canary.exists()


def test_nothing_here_can_unpickle() -> None:
    folder = Path(checkpoints.__file__).parent
    for path in folder.glob("*.py"):
        source = path.read_text()
        for word in ("pickle", "torch.load", "torch.save", "eval(", "exec(", "extractall"):
            assert word not in source.replace("unpickled", "").replace(".eval(", ""), path


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        (2**63).to_bytes(8, "little"),
        (2**20 + 1).to_bytes(8, "little") + b" " * (2**20 + 1),
        (10).to_bytes(8, "little") + b"{",
        (2).to_bytes(8, "little") + b"[]",
        (100_000).to_bytes(8, "little") + b"[" * 100_000,
    ],
)
def test_a_header_that_lies_is_refused(kept: Checkpoints, data: bytes) -> None:
    forge(kept, data)
    assert reason(kept) == "header"


def test_a_header_with_wrong_places_is_refused(kept: Checkpoints) -> None:
    for end in (3, 8, 2**40):
        header = json.dumps(
            {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, end]}}
        ).encode()
        forge(kept, len(header).to_bytes(8, "little") + header + b"\0" * 4)
        assert reason(kept) == "header"


def test_bytes_that_were_not_saved_are_refused(kept: Checkpoints) -> None:
    path = tensors(kept)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert reason(kept) == "hash"
    path.write_bytes(data[:-1])
    assert reason(kept) == "hash"
    path.write_bytes(data + b"\0")
    assert reason(kept) == "hash"


def test_files_of_two_checkpoints_are_not_mixed(kept: Checkpoints, trainer: Trainer) -> None:
    trainer.learner.train(1, 60.0, lambda: False)
    trainer.learner.gather()
    kept.save(trainer.checkpoint())
    one, other = sorted(kept.folder.glob("*.safetensors"))
    middle = one.with_name("middle")
    one.rename(middle)
    other.rename(one)
    middle.rename(other)
    with pytest.raises(DamagedError) as error:
        kept.last()
    assert error.value.key == "error.training.checkpoint.hash"
    assert "000000004" in error.value.values["path"]


def test_a_checkpoint_under_another_step_s_name_is_refused(kept: Checkpoints) -> None:
    shutil.copy(sidecar(kept), kept.folder / "checkpoint-000000008.json")
    with pytest.raises(DamagedError):
        kept.load(8)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"format": 2}, "newer"),
        ({"format": True}, "sidecar"),
        ({"format": None}, "sidecar"),
        ({"step": "3"}, "sidecar"),
        ({"lr": "0.1"}, "sidecar"),
        ({"lr": None}, "place"),
        ({"epoch": 10**400}, "place"),
        ({"random": {"cpu": 7}}, "sidecar"),
        ({"file": "../../etc/passwd"}, "sidecar"),
        ({"file": "/dev/zero"}, "sidecar"),
        ({"file": None}, "sidecar"),
        ({"size": -1}, "hash"),
        ({"sha256": "0" * 64}, "hash"),
        ({"batch": 4}, "place"),
        ({"batch": -1}, "place"),
        ({"random": {"cpu": "AAAA"}}, "place"),
        ({"random": {"cpu": "?"}}, "place"),
        ({"random": {"cpu": ""}}, "place"),
    ],
)
def test_a_sidecar_that_cannot_be_true_is_refused(
    kept: Checkpoints, config: Config, placed: Placed, changes: dict[str, Any], expected: str
) -> None:
    table = json.loads(sidecar(kept).read_bytes()) | changes
    sidecar(kept).write_text(json.dumps(table))
    with pytest.raises(TutorError) as error:
        Trainer(config, placed).restore(kept.load(3))
    assert error.value.key == f"error.training.checkpoint.{expected}"


@pytest.mark.parametrize(
    "told", [b"", b"{", b"[]", b"[" * 200_000, b" " * (2**20 + 1), b"\xff\xfe"]
)
def test_a_sidecar_that_is_none_is_refused(kept: Checkpoints, told: bytes) -> None:
    sidecar(kept).write_bytes(told)
    assert reason(kept) in ("sidecar", "long")


def test_a_config_that_cannot_be_is_refused(kept: Checkpoints) -> None:
    table = json.loads(sidecar(kept).read_bytes())
    for config in (None, {"epochs": -1}, {"os": 1}):
        sidecar(kept).write_text(json.dumps({**table, "config": config}))
        with pytest.raises(TutorError):
            kept.load(3)


def test_only_ordinary_files_are_read(kept: Checkpoints) -> None:
    path = tensors(kept)
    path.unlink()
    os.mkfifo(path)
    assert reason(kept) == "missing"
    path.unlink()
    path.symlink_to("/dev/zero")
    assert reason(kept) == "missing"
    path.unlink()
    path.mkdir()
    assert reason(kept) == "unreadable"


def test_a_huge_file_is_not_read(kept: Checkpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "MOST_TENSORS", 1000)
    assert reason(kept) == "long"


@pytest.mark.parametrize(
    "change",
    [
        {"model.hidden.0.weight": torch.zeros(16, 783)},
        {"model.hidden.0.weight": torch.zeros(16, 784, dtype=torch.float64)},
        {"optimizer.exp_avg.output.bias": torch.zeros(9)},
        {"optimizer.step.output.bias": torch.zeros(1)},
        {"optimizer.exp_avg.output.bias": None},
        {"optimizer.momentum_buffer.output.bias": torch.zeros(10)},
        {"model.extra": torch.zeros(1)},
        {"model.output.bias": None},
        {"something": torch.zeros(1)},
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    kept: Checkpoints, config: Config, placed: Placed, change: dict[str, torch.Tensor | None]
) -> None:
    changed = {**kept.load(3).tensors, **change}
    forge(kept, save({name: one for name, one in changed.items() if one is not None}))
    trainer = Trainer(config, placed)
    before = weights_sha256(trainer.model)
    with pytest.raises(TutorError) as error:
        trainer.restore(kept.load(3))
    assert error.value.key == "error.training.checkpoint.tensors"
    assert error.value.values["name"] == next(iter(change))
    assert weights_sha256(trainer.model) == before


def test_a_damaged_one_gives_way_to_the_one_before(kept: Checkpoints, trainer: Trainer) -> None:
    kept.save(at(trainer.checkpoint(), 9))
    (kept.folder / "checkpoint-000000009.json").write_bytes(b"")
    found, (problem,) = kept.last()
    assert found is not None
    assert found.place.step == 3
    assert problem.key == "error.training.checkpoint.sidecar"
    kept.discard_after(3)
    assert kept.steps() == [3]
    assert len(list(kept.folder.iterdir())) == 2


def test_a_full_disk_leaves_the_old_ones_whole(
    kept: Checkpoints, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    for fails_at in (1, 2, 3, 4):
        calls = []

        def full(file: int, calls: list[int] = calls, fails_at: int = fails_at) -> None:
            calls.append(file)
            if len(calls) == fails_at:
                raise OSError(28, "No space left on device")
            real(file)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(SaveError) as error:
            kept.save(at(trainer.checkpoint(), 9))
        monkeypatch.undo()
        assert error.value.key == "error.training.full"
        for step in kept.steps():
            kept.load(step)
        assert 3 in kept.steps()
        assert not list(kept.folder.glob(".*"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_of_any_kind_is_a_plain_error(kept: Checkpoints, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([sidecar(kept), tensors(kept)]))
    whole = path.read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, 40))
    noise = data.draw(st.binary(max_size=40))
    path.write_bytes(whole[:start] + noise + whole[start + length :])
    try:
        kept.load(3)
    except TutorError:
        pass
    else:
        assert path.suffix == ".json" or path.read_bytes() == whole
    finally:
        path.write_bytes(whole)
