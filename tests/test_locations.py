import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tutor import locations


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_one_folder_can_hold_everything(home: Path) -> None:
    assert locations.progress_file() == home / "data" / "progress.sqlite3"
    assert locations.settings_file() == home / "config" / "settings.json"
    assert locations.log_file() == home / "log" / "tutor.log"
    assert not home.exists()


def test_without_it_the_system_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    folders = {locations.data_folder(), locations.config_folder(), locations.log_folder()}
    assert all(folder.is_relative_to(tmp_path) for folder in folders)
    assert all("tutor-tui" in folder.parts for folder in folders)


@pytest.mark.parametrize("given", ["relative", "~nobody-of-this-name/x"])
def test_the_folder_is_absolute(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUTOR_HOME", given)
    assert locations.data_folder() == tmp_path / given / "data"


def test_what_is_made_is_private(home: Path) -> None:
    assert locations.writable(locations.data_folder()) is None
    assert (home.stat().st_mode & 0o777) == 0o700
    assert (locations.data_folder().stat().st_mode & 0o777) == 0o700
    assert list(locations.data_folder().iterdir()) == []
    os.close(locations.open_log())
    assert (locations.log_file().stat().st_mode & 0o777) == 0o600


def test_a_folder_where_none_can_be_says_why() -> None:
    trouble = locations.writable(Path("/dev/null/x/data"))
    assert trouble is not None
    assert trouble.key == "error.file.path"
    assert trouble.values["path"] == "/dev/null/x/data"
    assert trouble.values["detail"] == os.strerror(errno.ENOTDIR)


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (errno.ENOSPC, "error.file.full"),
        (errno.EDQUOT, "error.file.full"),
        (errno.EROFS, "error.file.readonly"),
        (errno.EACCES, "error.file.denied"),
        (errno.ENOTCONN, "error.file.other"),
    ],
)
def test_each_trouble_has_its_message(number: int, key: str) -> None:
    trouble = locations.trouble(OSError(number, os.strerror(number)), Path("/a\x1b/b"))
    assert trouble.key == key
    assert "/a\\x1b/b" in str(trouble)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    locations.write_whole(path, b"one")
    locations.write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert (path.stat().st_mode & 0o777) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    locations.write_whole(path, b"one")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        locations.write_whole(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"one")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    locations.write_whole(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"two"


@pytest.mark.parametrize(
    "module",
    ["safe", "locations", "settings", "progress", "terminal", "guard", "doctor"],
)
def test_the_ground_floor_loads_nothing_heavy(module: str) -> None:
    heavy = {"textual", "rich", "torch", "numpy", "sqlite3", "platformdirs", "asyncio"}
    code = f"import sys, tutor.{module}; print(*({heavy!r} & sys.modules.keys()))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert loaded.stdout.split() == []
