"""The journal and who reads it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.training import journal as journals
from tutor.training.errors import SaveError
from tutor.training.events import (
    Began,
    Ended,
    Event,
    Noticed,
    Paused,
    Progressed,
    RateChanged,
    Resumed,
    Saved,
    from_record,
    to_record,
)
from tutor.training.events import Tested as WasTested
from tutor.training.follower import Follower, History, decoded, whole_lines
from tutor.training.journal import Journal
from tutor.training.table import Table


def began(step: int = 0) -> Began:
    return Began(step, 40, 10, 320, 100, 9, "cpu", 1, "2.13.0")


def progressed(first: int, last: int, start: float = 0.0) -> Progressed:
    losses = (start + np.arange(first, last + 1)).astype(np.float32)
    return Progressed(last, 1, 0.1, losses, 9.5, 2.5, {"w": 1.5}, {"w": 2.5})


def result(step: int) -> WasTested:
    return WasTested(step, step // 10, 0.5, 0.25, 0.75, 3.5)


EVENTS: list[Event] = [
    began(),
    progressed(1, 3),
    result(10),
    RateChanged(3, 0.1 + 0.2),
    Saved(3),
    Paused(3),
    Paused(3, "error.training.full", {"path": "/가/[x"}),
    Resumed(3),
    Noticed(3, "training.other_torch", {"then": "1", "now": "2"}),
    Ended(4, "failed", "error.training.diverged", {"step": 4, "lr": 1e9, "saved": 3}),
]


def written(path: Path, events: list[Event]) -> Path:
    journal = Journal(path)
    for event in events:
        assert journal.append(event) is None
    journal.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_json(event: Event) -> None:
    told = json.dumps(to_record(event), allow_nan=False)
    assert repr(from_record(json.loads(told))) == repr(event)


@given(st.lists(st.floats(width=32)))
def test_losses_survive_json_bit_by_bit(values: list[float]) -> None:
    losses = np.array(values, np.float32)
    event = Progressed(len(values), 1, 0.1, losses, np.nan, np.inf, {"w": np.nan}, {})
    found = from_record(json.loads(json.dumps(to_record(event), allow_nan=False)))
    assert isinstance(found, Progressed)
    finite = np.isfinite(losses)
    assert found.losses[finite].tobytes() == losses[finite].tobytes()
    assert np.isnan(found.losses[~finite]).all()
    assert np.isnan([found.samples_per_second, found.seconds, found.gradients["w"]]).all()


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        "progressed",
        {},
        {"kind": 3},
        {"kind": "exploded"},
        {"kind": "saved"},
        {"kind": "saved", "step": "3"},
        {"kind": "saved", "step": 3.5},
        {"kind": "saved", "step": True},
        {"kind": "saved", "step": None},
        {"kind": "ratechanged", "step": 1, "lr": "x"},
        {"kind": "ratechanged", "step": 1, "lr": 10**400},
        {"kind": "paused", "step": 1, "values": []},
        {**to_record(progressed(1, 2)), "losses": 3},
        {**to_record(progressed(1, 2)), "losses": [["x"]]},
        {**to_record(progressed(1, 2)), "weights": {"w": "x"}},
    ],
)
def test_a_record_that_is_no_event_is_refused(record: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_record(record)


def test_what_it_does_not_know_is_left_out() -> None:
    assert from_record({"kind": "saved", "step": 3, "colour": "red"}) == Saved(3)


def test_a_follower_sees_everything_as_columns(path: Path) -> None:
    written(path, [began(), progressed(1, 4), progressed(5, 10), result(10), Saved(10)])
    news = Follower(path).read()
    assert news.began == began()
    assert news.steps["step"].tolist() == list(range(1, 11))
    assert news.steps["loss"].tolist() == list(range(1, 11))
    assert news.steps["lr"].tolist() == [0.1] * 10
    assert news.reports["step"].tolist() == [4, 10]
    assert news.reports["weights.w"].tolist() == [2.5, 2.5]
    assert news.reports["gradients.w"].tolist() == [1.5, 1.5]
    assert news.tests["test_accuracy"].tolist() == [0.75]
    assert (news.tests["at"] > 1.7e9).all()
    assert news.others == [Saved(10)]


def test_a_follower_of_nothing_sees_nothing(path: Path) -> None:
    follower = Follower(path)
    assert len(follower.read().steps) == 0
    path.touch()
    news = follower.catch_up()
    assert (news.back_to, news.began, len(news.reports), news.others) == (None, None, 0, [])


def test_a_line_is_seen_when_it_is_complete_and_once(path: Path) -> None:
    whole = written(path, [began(), progressed(1, 4)]).read_bytes()
    follower = Follower(path)
    path.write_bytes(whole[:-1])
    assert follower.read().began == began()
    assert len(follower.read().steps) == 0
    path.write_bytes(whole)
    assert len(follower.read().steps) == 4
    assert len(follower.read().steps) == 0


LINES = b"".join(
    json.dumps({**to_record(event), "at": 7.0}).encode() + b"\n"
    for event in (
        began(), result(0), progressed(1, 4), progressed(5, 9), progressed(10, 10), result(10),
        began(4), progressed(5, 6, 100), RateChanged(6, 0.5), progressed(7, 10, 200), result(10),
        began(0), result(0), progressed(1, 2, 300), Saved(2), began(2), progressed(3, 3, 400),
    )
)  # fmt: skip
"""A run that went on from step 4, began anew, and went on from step 2."""


def whole_history() -> History:
    return decoded(LINES)


def same(one: Table, other: Table) -> bool:
    return set(one) == set(other) and all(
        np.array_equal(one[name], other[name], equal_nan=True) for name in one
    )


@settings(max_examples=150, deadline=None)
@given(cuts=st.lists(st.integers(0, len(LINES)), max_size=12), most=st.integers(1, 5000))
def test_however_it_grows_a_follower_ends_with_the_same(cuts: list[int], most: int) -> None:
    import tempfile  # noqa: PLC0415 - hypothesis and tmp_path do not go together

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "metrics.jsonl")
        first, second = Follower(path), Follower(path)
        seen, at_the_end = History(), History()
        done = 0
        for cut in [*sorted(cuts), len(LINES)]:
            with path.open("ab") as file:
                file.write(LINES[done:cut])
            done = cut
            seen.add(first.read())
            steps = seen.steps["step"]
            assert (np.diff(steps) == 1).all()
        at_the_end.add(second.catch_up())
        assert whole_lines(path, 0, most) == LINES[:most][: LINES[:most].rfind(b"\n") + 1] or (
            LINES[:most].count(b"\n") == 0 and len(LINES) > most
        )
    for history in (seen, at_the_end):
        expected = whole_history()
        assert same(history.steps, expected.steps)
        assert same(history.reports, expected.reports)
        assert same(history.tests, expected.tests)
        assert history.others == expected.others
        assert history.began == expected.began


def test_steps_done_again_replace_those_before() -> None:
    news = whole_history()
    assert news.back_to == 0
    assert news.steps["step"].tolist() == [1, 2, 3]
    assert news.steps["loss"].tolist() == [301, 302, 403]
    assert news.tests["step"].tolist() == [0]
    assert news.others == [Saved(2)]
    part = decoded(LINES[LINES.rfind(b'{"kind": "began"') :])
    assert part.back_to == 2
    assert part.steps["step"].tolist() == [3]


@given(st.lists(st.binary(max_size=50) | st.sampled_from(LINES.splitlines()), max_size=12))
def test_damaged_lines_are_passed_over(lines: list[bytes]) -> None:
    decoded(b"\n".join(lines) + b"\n")


def test_lines_without_end_are_passed_over_in_bounded_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"x" * 10_000 + b"\n" + LINES)
    news, offset = History(), 0
    while lines := whole_lines(path, offset, 2000):
        assert len(lines) <= 2000
        offset += len(lines)
        news.add(decoded(lines))
    assert news.passed_over == 5 + 1
    assert same(news.steps, whole_history().steps)


def test_a_torn_last_line_is_cut_off_before_more_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "BLOCK", 7)
    for torn in (b'{"kind": "saved", "st', b"x", b""):
        path.write_bytes(b'{"kind": "saved", "step": 1}\n' + torn)
        written(path, [Saved(2)])
        assert Follower(path).read().others == [Saved(1), Saved(2)]
    path.write_bytes(b"torn from the start")
    written(path, [Saved(2)])
    assert Follower(path).read().others == [Saved(2)]


def test_a_disk_that_is_full_gets_the_lines_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    journal.append(Saved(1))
    real = os.write

    def full(file: int, data: bytes) -> int:
        if len(data) > 5:
            return real(file, data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    problem = journal.append(Saved(2))
    assert problem is not None
    assert problem.key == "error.training.full"
    with pytest.raises(SaveError):
        journal.sync()
    assert Follower(path).read().others == [Saved(1)]
    monkeypatch.undo()
    assert journal.append(Saved(3)) is None
    journal.sync()
    assert Follower(path).read().others == [Saved(1), Saved(2), Saved(3)]
    journal.close()


def test_a_place_without_room_is_a_plain_error(path: Path) -> None:
    path.symlink_to("/dev/full")
    with pytest.raises(SaveError):
        Journal(path)
    with pytest.raises(SaveError):
        Journal(path.parent / "nowhere" / "metrics.jsonl")


def test_a_million_steps_are_read_in_seconds_and_kept_in_place(path: Path) -> None:
    lines = [began(), *(progressed(first, first + 999) for first in range(1, 10**6, 1000))]
    written(path, list(lines))
    history = Follower(path).catch_up()
    assert len(history.steps) == 10**6
    assert history.steps["step"][-1] == 10**6
    more = decoded(json.dumps(to_record(progressed(10**6 + 1, 10**6 + 2))).encode() + b"\n")
    history.add(more)
    assert len(history.steps) == 10**6 + 2


def test_columns_cannot_be_written_to() -> None:
    table = Table()
    table.append({"step": 1, "loss": 2.0})
    table.append({"step": [2, 3], "other": [1.0, 2.0]})
    with pytest.raises(ValueError, match="read-only"):
        table["loss"][0] = 3.0
    np.testing.assert_array_equal(table["loss"], [2.0, np.nan, np.nan])
    np.testing.assert_array_equal(table["other"], [np.nan, 1.0, 2.0])
    assert table["unknown"].tolist() != table["step"].tolist()
    table.cut(2)
    assert len(table) == 2


@pytest.mark.parametrize(
    "module", ["config", "events", "controls", "journal", "follower", "run_directory", "export"]
)
def test_who_only_follows_a_run_does_not_load_torch(module: str) -> None:
    code = f"import sys, tutor.training.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_config_loads_no_numpy_either() -> None:
    code = "import sys, tutor.training.config; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
