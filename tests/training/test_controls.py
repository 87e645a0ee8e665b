import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.training import controls
from tutor.training.controls import Command, Controls, FileControls, parsed
from tutor.training.run_directory import Run


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "LOOK_EVERY", 0.0)


@pytest.mark.parametrize(
    "command", [Command("pause"), Command("lr", 0.1 + 0.2), Command("step", 10), Command("stop")]
)
def test_a_command_survives_its_line(command: Command) -> None:
    assert parsed(command.to_json().encode()) == command


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b'"pause"',
        b'{"value": 3}',
        b'{"do": "explode"}',
        b'{"do": ["pause"]}',
        b'{"do": "lr"}  x',
        b'{"do": "lr", "value": null}',
        b'{"do": "lr", "value": 0}',
        b'{"do": "lr", "value": NaN}',
        b'{"do": "lr", "value": 1e999}',
        b'{"do": "lr", "value": 1' + b"0" * 400 + b"}",
        b'{"do": "step", "value": 0}',
        b'{"do": "step", "value": 0.5}',
        b"[" * 50_000,
        b"\xff\xfe",
    ],
)
def test_a_line_that_is_no_command_is_none(line: bytes) -> None:
    assert parsed(line) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_a_command_or_none(line: bytes) -> None:
    found = parsed(line)
    assert found is None or isinstance(found, Command)


def test_an_action_that_is_none_cannot_be_sent(made: Run) -> None:
    with pytest.raises(ValueError, match="no action"):
        Controls().send("explode")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lr"):
        made.tell("lr", -1)
    assert not made.control.exists()


def test_waits_for_what_another_thread_sends() -> None:
    made = Controls()
    threading.Timer(0.05, made.send, ("step", 3)).start()
    assert made.wait() == [Command("step", 3)]
    assert not made.waiting()


def test_reads_what_anybody_appends(made: Run) -> None:
    found = FileControls(made.control)
    assert found.take() == []
    made.tell("pause")
    made.tell("lr", 0.5)
    assert found.waiting()
    assert found.position == 0
    assert found.take() == [Command("pause"), Command("lr", 0.5)]
    assert found.position == made.control.stat().st_size
    found.send("stop")
    assert found.take() == [Command("stop")]


def test_reads_a_line_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "control.jsonl"
    found = FileControls(path)
    for part in ('{"do": "pau', 'se"}\n{"do"', ': "resume"}\n'):
        with path.open("a") as file:
            file.write(part)
        seen = found.take()
    assert seen == [Command("resume")]


def test_passes_over_lines_that_are_none_however_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "LONGEST", 64)
    path = tmp_path / "control.jsonl"
    path.write_text("garbage\n\n" + "x" * 1000 + '\n{"do": "stop"}\n')
    assert FileControls(path).take() == [Command("stop")]


def test_a_position_leaves_out_what_came_before(made: Run) -> None:
    made.tell("pause")
    size = made.control.stat().st_size
    made.tell("stop")
    assert FileControls(made.control, size).take() == [Command("stop")]


def test_many_writers_do_not_tear_lines(made: Run) -> None:
    threads = [
        threading.Thread(target=lambda: [made.tell("step", 7) for _ in range(50)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FileControls(made.control).take() == [Command("step", 7)] * 200


def test_the_file_is_looked_at_now_and_then_only(
    made: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "LOOK_EVERY", 3600.0)
    found = FileControls(made.control)
    assert not found.waiting()
    made.tell("stop")
    assert not found.waiting()
    assert not os.access(made.path / "nothing", os.R_OK)
