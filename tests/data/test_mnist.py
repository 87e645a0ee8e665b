import errno
import gzip
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import loopback
import pytest
from loopback import Mirror, serving
from support import ROOT, until

from tutor import locations
from tutor.data import listing, mnist
from tutor.data.download import Patience, Progress, RemoteFile
from tutor.data.mnist import FILES, MnistFile

CONTENTS = {
    file.name: random.Random(file.name).randbytes(size)
    for file, size in zip(FILES, (600_000, 3_000, 300_000, 1_000), strict=True)
}
SERVED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in CONTENTS.items()}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


SMALL = [
    MnistFile(
        name,
        len(content),
        digest(content),
        RemoteFile(f"{name}.gz", len(SERVED[f"{name}.gz"]), digest(SERVED[f"{name}.gz"])),
    )
    for name, content in CONTENTS.items()
]
"""Files named like MNIST's, and of its form as far as downloading goes."""

ALL_SIZE = sum(file.remote.size for file in SMALL)
SOON = Patience(pause=0)


def nothing(_: Progress) -> None:
    """Do as someone who does not watch."""


def sound(folder: Path) -> list[bool]:
    return [state.problem is None for state in mnist.verify(folder, files=SMALL)]


def problems(folder: Path) -> list[str]:
    return [
        state.problem.key if state.problem else "" for state in mnist.verify(folder, files=SMALL)
    ]


def test_the_usual_folder_is_kept_beside_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mnist.folder() == locations.data_folder() / "mnist"
    monkeypatch.setenv("TUTOR_DATA", "~/images")
    assert mnist.folder() == Path.home() / "images"


def test_the_numbers_are_those_of_the_real_files(real_mnist: Path) -> None:
    assert [state.problem for state in mnist.verify(real_mnist)] == [None] * 4
    assert [state.problem for state in mnist.verify(real_mnist.parent)] == [None] * 4
    for file in FILES:
        content = gzip.decompress((real_mnist / f"{file.name}.gz").read_bytes())
        assert (len(content), digest(content)) == (file.size, file.sha256)


def test_all_that_is_missing_is_fetched(tmp_path: Path) -> None:
    told: list[Progress] = []
    with serving(SERVED) as mirror:
        folder = mnist.fetch(tmp_path / "new", told.append, [mirror.url], files=SMALL)
        assert sound(folder) == [True] * 4
        assert {one.all_size for one in told} == {ALL_SIZE}
        assert told[-1].all_received == ALL_SIZE
        assert [one.all_received for one in told] == sorted(one.all_received for one in told)
        mirror.asked.clear()
        (folder / f"{SMALL[1].name}.gz").unlink()
        mnist.fetch(folder, nothing, [mirror.url], files=SMALL)
        assert [name for name, _ in mirror.asked] == [f"{SMALL[1].name}.gz"]
        mirror.asked.clear()
        mnist.fetch(folder, nothing, [mirror.url], files=SMALL)
        assert mirror.asked == []


def test_it_is_fetched_to_where_it_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SERVED) as mirror:
        assert mnist.fetch(None, nothing, [mirror.url], files=SMALL) == mnist.folder()
        assert sound(mnist.folder()) == [True] * 4
        assert mnist.missing() == []


def test_what_lies_there_unzipped_is_not_fetched(tmp_path: Path) -> None:
    for name, content in CONTENTS.items():
        (tmp_path / name.replace("-idx", ".idx")).write_bytes(content)
    with serving(SERVED) as mirror:
        mnist.fetch(tmp_path, nothing, [mirror.url], files=SMALL)
        assert mirror.asked == []


def test_what_is_damaged_is_found_and_fetched_anew(tmp_path: Path) -> None:
    with serving(SERVED) as mirror:
        mnist.fetch(tmp_path, nothing, [mirror.url], files=SMALL)
        paths = [tmp_path / f"{file.name}.gz" for file in SMALL]
        paths[0].write_bytes(paths[0].read_bytes()[:1000])
        paths[1].write_bytes(gzip.compress(bytes(20_000_000)))
        paths[2].write_bytes(CONTENTS[SMALL[2].name] + b"x")
        paths[3].unlink()
        bad = [f"error.data.{key}" for key in ("gzip", "not_mnist", "not_mnist", "no_file")]
        assert problems(tmp_path) == bad
        mnist.fetch(tmp_path, nothing, [mirror.url], files=SMALL)
        assert sound(tmp_path) == [True] * 4


def test_a_damaged_file_without_gzip_gives_way(tmp_path: Path) -> None:
    (tmp_path / SMALL[0].name).write_bytes(b"damaged")
    with serving(SERVED) as mirror:
        mnist.fetch(tmp_path, nothing, [mirror.url], files=SMALL)
    assert sound(tmp_path) == [True] * 4


def test_each_file_comes_from_the_first_mirror_that_has_it(tmp_path: Path) -> None:
    labels = {name: content for name, content in SERVED.items() if "labels" in name}
    broken = dict.fromkeys(SERVED, b"") | labels
    with serving(broken) as some, serving(SERVED) as every:
        mnist.fetch(tmp_path, nothing, [some.url, every.url], files=SMALL, patience=SOON)
        assert len(some.asked) == 4
        assert len(every.asked) == 2
    assert sound(tmp_path) == [True] * 4


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / SMALL[0].name).write_bytes(CONTENTS[SMALL[0].name])

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "open", refuse)
    assert problems(tmp_path)[0] == "error.data.unreadable"


def test_what_there_is_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_DATA", str(tmp_path))
    found = listing.available()
    assert found["digits"]["ready"]
    assert not found["mnist"]["ready"]
    assert found["mnist"]["download"] == 11_594_722
    assert found["mnist"]["missing"] == [file.name for file in FILES]
    for file in FILES:
        (tmp_path / f"{file.name}.gz").write_bytes(b"12345")
    found = listing.available()
    assert found["mnist"]["ready"]
    assert found["mnist"]["bytes"] == 20
    assert found["mnist"]["download"] == 0


def test_every_problem_has_its_words(tmp_path: Path) -> None:
    for state in mnist.verify(tmp_path):
        assert state.name in str(state.problem)
        assert str(tmp_path) in str(state.problem)


# Processes that are killed, interrupted, or many.

CHILD = """
import sys
from pathlib import Path
from tutor.data import mnist
from tutor.data.download import RemoteFile
from tutor.data.mnist import MnistFile

folder, source, *rest = sys.argv[1:]
files = []
for one in rest:
    name, size, sha256, packed, packed_sha256 = one.split(",")
    remote = RemoteFile(f"{name}.gz", int(packed), packed_sha256)
    files.append(MnistFile(name, int(size), sha256, remote))
print("ready", flush=True)
mnist.fetch(Path(folder), lambda _: None, [source], files=files)
print("done", flush=True)
"""


def child(folder: Path, mirror: Mirror) -> subprocess.Popen[bytes]:
    """Start a process that fetches the small files."""
    rows = [
        f"{one.name},{one.size},{one.sha256},{one.remote.size},{one.remote.sha256}" for one in SMALL
    ]
    return subprocess.Popen(
        [sys.executable, "-P", "-c", CHILD, folder, mirror.url, *rows],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def begun(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"


def nothing_half(folder: Path) -> None:
    """Check that whatever has the name of a file is that file."""
    for file in SMALL:
        path = folder / f"{file.name}.gz"
        assert not path.exists() or digest(path.read_bytes()) == file.remote.sha256


def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path) -> None:
    chance = random.Random(1)
    kills = 0
    with serving(SERVED, loopback.slowly(0.005)) as mirror:
        for _ in range(8):
            with child(tmp_path, mirror) as process:
                begun(process)
                try:
                    process.wait(chance.uniform(0.0, 0.25))
                except subprocess.TimeoutExpired:
                    process.kill()
                    kills += 1
            nothing_half(tmp_path)
        assert kills >= 3
        assert any(start for _, start in mirror.asked)
        mnist.fetch(tmp_path, nothing, [mirror.url], files=SMALL)
    assert sound(tmp_path) == [True] * 4
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(SERVED)


@pytest.mark.parametrize("behaviour", [loopback.slowly(0.2), loopback.silent])
def test_interrupted_it_ends_at_once_and_goes_on_later(
    tmp_path: Path, behaviour: loopback.Behaviour
) -> None:
    with serving(SERVED, behaviour) as mirror:
        with child(tmp_path, mirror) as process:
            begun(process)
            until(lambda: mirror.asked)
            until((tmp_path / f"{SMALL[0].name}.gz.part").exists)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            process.wait(10)
            assert process.returncode == -signal.SIGINT
        nothing_half(tmp_path)
        mirror.behaviours = [loopback.ranged]
        mnist.fetch(tmp_path, nothing, [mirror.url], files=SMALL)
    assert sound(tmp_path) == [True] * 4


def test_processes_at_once_do_not_spoil_each_other(tmp_path: Path) -> None:
    with serving(SERVED, loopback.slowly(0.01)) as mirror:
        processes = [child(tmp_path, mirror) for _ in range(3)]
        for process in processes:
            out, err = process.communicate(timeout=30)
            assert out == b"ready\ndone\n", err
        assert len(mirror.asked) == len(SMALL)
    assert sound(tmp_path) == [True] * 4


def test_a_process_that_waits_takes_over_from_one_that_is_killed(tmp_path: Path) -> None:
    with serving(SERVED, loopback.slowly(0.1)) as mirror, child(tmp_path, mirror) as first:
        until(lambda: mirror.asked)
        with child(tmp_path, mirror) as second:
            begun(second)
            part = tmp_path / f"{SMALL[0].name}.gz.part"
            until(lambda: part.stat().st_size > 0)
            mirror.behaviours = [loopback.ranged]
            first.kill()
            second.wait(30)
            assert second.returncode == 0
    assert sound(tmp_path) == [True] * 4


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("mnist", {"numpy", "torch", "textual", "rich", "http", "ssl", "click"}),
        ("listing", {"numpy", "torch", "textual", "rich", "http", "ssl", "click"}),
        ("images", {"torch", "textual", "rich", "http", "ssl", "click"}),
        ("make_digits", {"torch", "textual", "rich", "http", "ssl"}),
    ],
)
def test_a_module_loads_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    code = f"import sys, tutor.data.{module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, check=True, text=True, cwd=ROOT
    )
    assert not {name.partition(".")[0] for name in done.stdout.split()} & unwanted
