import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor import event_file
from tutor.progress import Answered, Position, Progress

COLUMNS = "at, lesson, step, activity, kind, data"

WRITER = """
import sys
from pathlib import Path
from tutor.progress import Progress
progress = Progress.open(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    progress.record("bayes", "answer", activity=f"{sys.argv[2]}-{number}", answer=number)
    print(number if progress.unsaved is None else progress.unsaved.key, flush=True)
progress.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "progress.sqlite3"


def fill(path: Path, count: int = 5) -> Progress:
    progress = Progress.open(path)
    for number in range(count):
        progress.record("bayes", "answer", "two", f"a{number}", answer=number, right=True)
    return progress


def kept(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in connection.execute("SELECT activity FROM events ORDER BY id")]
    finally:
        connection.close()


def limit(monkeypatch: pytest.MonkeyPatch, *pragmas: str) -> None:
    monkeypatch.setattr(event_file, "PRAGMAS", (*event_file.PRAGMAS, *pragmas))


def test_nothing_happens_before_it_is_needed(path: Path) -> None:
    Progress.open(path).close()
    assert not path.parent.exists()


def test_what_was_done_is_known_again(path: Path) -> None:
    progress = Progress.open(path)
    for _ in range(2):
        assert progress.position("bayes") is None
        assert progress.answers("bayes") == {}
        assert progress.lessons() == {}
    progress.record("bayes", "step", "one", lab="posterior?prior=0.1")
    progress.record("bayes", "answer", "one", "guess", answer=2, right=True)
    progress.record("bayes", "answer", "one", "guess", answer=1, right=False, mistake="inverse")
    progress.record("bayes", "step", "two", lab="update?results=++")
    progress.record("bayes", "tick", "two", "even")
    progress.record("entropy", "answer", "one", "bits", answer="3½", right=False)
    for seen in (progress, Progress.open(path)):
        assert seen.unsaved is None
        assert seen.notice is None
        assert seen.position("bayes") == Position("two", "update?results=++")
        assert seen.visited("bayes") == {"one", "two"}
        assert seen.answers("bayes") == {
            "guess": Answered(answer=1, right=True, tries=2, mistake="inverse", latest=False),
            "even": Answered(answer=None, right=True, tries=1, mistake="", latest=True),
        }
        assert seen.answers("entropy")["bits"].answer == "3½"
        assert list(seen.lessons()) == ["bayes", "entropy"]
        bayes = seen.lessons()["bayes"]
        assert (bayes.answered, bayes.right, bayes.steps_visited) == (2, 2, 2)
        assert abs((datetime.now(UTC) - bayes.last_at).total_seconds()) < 3600
        seen.close()


def test_the_files_are_private_and_nothing_else_is_left(path: Path) -> None:
    fill(path).close()
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.copy"}
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_events_are_neither_changed_nor_deleted(path: Path) -> None:
    fill(path).close()
    connection = sqlite3.connect(path)
    for statement in ("UPDATE events SET data = '{}'", "DELETE FROM events"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"INSERT INTO events ({COLUMNS}) VALUES ('', '', '', '', '', x'00')")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("PRAGMA user_version").fetchone() == (event_file.VERSION,)
    connection.close()


def test_it_waits_for_the_disk(path: Path) -> None:
    progress = fill(path)
    connection = progress._store._connection
    assert connection is not None
    full = 2
    assert connection.execute("PRAGMA synchronous").fetchone()[0] >= full
    progress.close()


def test_times_never_repeat(path: Path) -> None:
    fill(path, 50).close()
    connection = sqlite3.connect(path)
    times = [row[0] for row in connection.execute("SELECT at FROM events ORDER BY id")]
    connection.close()
    assert times == sorted(set(times))


def test_a_full_disk_is_told_and_caught_up_with(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, 1).close()
    with monkeypatch.context() as full:
        limit(full, "max_page_count = 4")
        progress = Progress.open(path)
        for number in range(1, 200):
            progress.record("bayes", "answer", activity=f"a{number}", answer="x" * 200)
        assert progress.unsaved is not None
        assert progress.unsaved.key == "error.file.full"
        assert str(path) in str(progress.unsaved)
        assert len(progress.answers("bayes")) == 200
        assert len(kept(path)) < 200
    progress.record("bayes", "answer", activity="a200")
    assert progress.unsaved is None
    assert kept(path) == [f"a{number}" for number in range(201)]
    progress.close()


def test_what_is_left_is_saved_at_the_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        limit(full, "max_page_count = 1")
        progress = fill(path)
        assert progress.unsaved is not None
    progress.close()
    assert kept(path) == [f"a{number}" for number in range(5)]


def test_a_commit_of_which_nobody_knows_is_not_made_twice(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = fill(path, 2)
    add = event_file.add

    def add_and_fail(*given: object) -> None:
        add(*given)  # type: ignore[arg-type]
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as failing:
        failing.setattr(event_file, "add", add_and_fail)
        progress.record("bayes", "answer", activity="a2")
        assert progress.unsaved is not None
        assert progress.unsaved.key == "error.file.other"
    progress.record("bayes", "answer", activity="a3")
    assert progress.unsaved is None
    assert kept(path) == ["a0", "a1", "a2", "a3"]
    progress.close()


@pytest.mark.parametrize("where", ["/dev/null/x/progress.sqlite3", "/proc/none/progress.sqlite3"])
def test_without_a_place_it_works_in_memory(where: str) -> None:
    progress = fill(Path(where))
    assert progress.unsaved is not None
    assert progress.unsaved.key.startswith("error.file.")
    assert len(progress.answers("bayes")) == 5
    assert progress.lessons()["bayes"].right == 5
    progress.close()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_left_alone(path: Path, make: Callable[[Path], None]) -> None:
    path.parent.mkdir()
    make(path)
    progress = fill(path)
    assert progress.unsaved is not None
    assert progress.unsaved.key == "error.file.path"
    progress.close()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_can_only_be_read_is_read(path: Path) -> None:
    fill(path).close()
    path.chmod(0o400)
    progress = Progress.open(path)
    assert len(progress.answers("bayes")) == 5
    assert progress.unsaved is not None
    assert progress.unsaved.key == "error.file.denied"
    progress.close()


def test_another_who_never_ends_writing_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_file, "PATIENCE", 0.05)
    fill(path, 1).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    progress = Progress.open(path)
    progress.record("bayes", "answer", activity="a1")
    assert progress.unsaved is not None
    assert progress.unsaved.key == "error.progress.busy"
    other.execute("ROLLBACK")
    other.close()
    progress.record("bayes", "answer", activity="a2")
    assert progress.unsaved is None
    assert set(progress.answers("bayes")) == {"a0", "a1", "a2"}
    assert kept(path) == ["a0", "a1", "a2"]
    progress.close()


def test_a_newer_file_is_read_and_left(path: Path) -> None:
    fill(path).close()
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE events ADD COLUMN later TEXT")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    before = path.read_bytes()
    progress = Progress.open(path)
    assert progress.unsaved is not None
    assert progress.unsaved.key == "error.progress.newer"
    assert len(progress.answers("bayes")) == 5
    progress.record("bayes", "answer", activity="more")
    assert "more" in progress.answers("bayes")
    progress.close()
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*damaged*"))


def test_anothers_database_is_set_aside(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    before = path.read_bytes()
    progress = fill(path)
    assert progress.unsaved is None
    assert progress.notice is not None
    assert progress.notice.key == "error.progress.damaged"
    assert (path.parent / progress.notice.values["aside"]).read_bytes() == before
    progress.close()


Damage = Callable[[bytes], bytes]


def truncated(at: float) -> Damage:
    return lambda content: content[: int(at * len(content))]


def zeroed(start: float, length: int) -> Damage:
    def damage(content: bytes) -> bytes:
        first = int(start * (len(content) - 1))
        return (
            content[:first] + bytes(min(length, len(content) - first)) + content[first + length :]
        )

    return damage


def flipped(places: list[tuple[float, int]]) -> Damage:
    def damage(content: bytes) -> bytes:
        changed = bytearray(content)
        for place, mask in places:
            changed[int(place * (len(changed) - 1))] ^= mask
        return bytes(changed)

    return damage


PLACE = st.floats(0, 1)
HEADER = st.floats(0, 0.01)
DAMAGES = st.one_of(
    PLACE.map(truncated),
    st.builds(zeroed, PLACE | HEADER, st.integers(1, 10_000)),
    st.lists(st.tuples(PLACE | HEADER, st.integers(1, 255)), min_size=1, max_size=8).map(flipped),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "progress.sqlite3"
    fill(path, 40).close()
    return path


@given(DAMAGES, st.none() | DAMAGES)
@settings(deadline=None, max_examples=150)
def test_any_damage_is_survived(
    sound: Path,
    tmp_path_factory: pytest.TempPathFactory,
    damage: Damage,
    damage_to_copy: Damage | None,
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "progress.sqlite3"
    copy = path.with_name(f"{path.name}.copy")
    content = sound.read_bytes()
    path.write_bytes(damage(content))
    copy.write_bytes(damage_to_copy(content) if damage_to_copy else content)
    progress = Progress.open(path)
    known = set(progress.answers("bayes"))
    notice = progress.notice
    progress.record("bayes", "answer", activity="next")
    assert known | {"next"} <= set(progress.answers("bayes"))
    if notice and notice.key != "error.progress.damaged":
        assert damage_to_copy or len(known) == 40
    progress.close()
    if progress.unsaved is None:
        assert "next" in kept(path)
    if notice and path.parent.joinpath(notice.values["aside"]).exists():
        assert path.parent.joinpath(notice.values["aside"]).read_bytes() == damage(content)
    shutil.rmtree(path.parent)


def test_a_damaged_file_is_replaced_by_its_copy(path: Path) -> None:
    fill(path).close()
    path.write_bytes(b"no database" * 100)
    Path(f"{path}-journal").write_bytes(b"of the damaged one")
    progress = Progress.open(path)
    assert len(progress.answers("bayes")) == 5
    assert progress.notice is not None
    assert progress.notice.key == "error.progress.restored"
    assert path.name in str(progress.notice)
    aside = path.parent / progress.notice.values["aside"]
    assert aside.read_bytes() == b"no database" * 100
    assert not Path(f"{path}-journal").exists()
    progress.close()
    assert Progress.open(path).notice is None


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_file_that_is_gone_is_replaced_by_its_copy(
    path: Path, harm: Callable[[Path], None]
) -> None:
    fill(path).close()
    harm(path)
    progress = Progress.open(path)
    assert len(progress.answers("bayes")) == 5
    assert progress.notice is not None
    assert progress.notice.key == "error.progress.missing"
    progress.close()


def zero_page(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes(len(content)))


@pytest.mark.parametrize("harm", [Path.unlink, zero_page, lambda path: path.rename(f"{path}.old")])
def test_harm_while_it_is_open_loses_nothing(path: Path, harm: Callable[[Path], object]) -> None:
    fill(path, 3).close()
    progress = Progress.open(path)
    progress.record("bayes", "answer", activity="a3")
    harm(path)
    progress.record("bayes", "answer", activity="a4")
    progress.record("bayes", "answer", activity="a5")
    assert progress.unsaved is None
    assert kept(path) == [f"a{number}" for number in range(6)]
    progress.close()


def test_damage_that_sqlite_does_not_see_does_no_harm(path: Path) -> None:
    fill(path).close()
    connection = sqlite3.connect(path)
    rows = [
        ("no time", "bayes", "", "b1", "answer", "no json"),
        ("2026-01-01", "bayes", "", "b2", "answer", "[1]"),
        ("2026-01-01", "bayes", "", "b3", "answer", "[" * 100_000),
        ("2026-01-01", "bayes", "", "b4", "later kind", "{}"),
    ]
    connection.executemany(f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        f"INSERT INTO events ({COLUMNS}) VALUES ('', 'x', '', CAST(x'ff' AS TEXT), 'tick', '{{}}')"
    )
    connection.commit()
    connection.close()
    progress = Progress.open(path)
    assert set(progress.answers("bayes")) == {
        *(f"a{number}" for number in range(5)),
        "b1",
        "b2",
        "b3",
    }
    assert progress.answers("bayes")["b1"].answer is None
    assert set(progress.lessons()) == {"bayes", "x"}
    progress.close()


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_was_acknowledged_outlives_a_kill(path: Path) -> None:
    chance = random.Random(0)
    acknowledged: list[str] = []
    for run in range(12):
        process = writer(path, f"r{run}", 10_000)
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 40))]
        process.send_signal(signal.SIGKILL)
        lines += [line for line in process.stdout if line.endswith("\n")]
        acknowledged += [f"r{run}-{int(line)}" for line in lines]
        process.wait()
        process.stdout.close()
    progress = Progress.open(path)
    assert progress.notice is None
    assert set(acknowledged) <= set(progress.answers("bayes"))
    progress.close()
    there = kept(path)
    assert len(there) == len(set(there))


def test_two_tutors_may_write_at_once(path: Path) -> None:
    writers = [writer(path, name, 40) for name in ("left", "right")]
    told = [process.communicate()[0].split() for process in writers]
    assert told == [[str(number) for number in range(40)]] * 2
    there = kept(path)
    for name in ("left", "right"):
        own = [activity for activity in there if activity.startswith(name)]
        assert own == [f"{name}-{number}" for number in range(40)]
    assert not list(path.parent.glob("*damaged*"))
