import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import locations, settings
from tutor.errors import TutorError
from tutor.settings import Settings


def test_without_a_file_there_are_defaults_and_nothing_to_tell(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "none" / "settings.json") == (Settings(), None)
    assert list(tmp_path.iterdir()) == []


@given(
    st.builds(
        Settings,
        language=st.sampled_from(["en", "ko", None]),
        theme=st.text(),
        ascii=st.booleans() | st.none(),
        mouse=st.booleans(),
    )
)
def test_what_is_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, chosen: Settings
) -> None:
    path = tmp_path_factory.mktemp("settings") / "settings.json"
    settings.save(chosen, path)
    assert settings.load(path) == (chosen, None)


def test_the_usual_file_is_in_the_usual_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path))
    settings.save(Settings(language="ko"))
    assert (tmp_path / "config" / "settings.json").is_file()
    assert settings.load()[0].spoken() == "ko"


def test_what_another_version_wrote_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"later": [1, 2], "mouse": false}')
    loaded, notice = settings.load(path)
    assert (loaded, notice) == (Settings(mouse=False), None)
    settings.save(Settings(theme="nord"), path)
    assert json.loads(path.read_text())["later"] == [1, 2]


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("settings") / "settings.json"
    path.write_bytes(content)
    loaded, notice = settings.load(path)
    assert isinstance(loaded, Settings)
    kept = [file.read_bytes() for file in path.parent.iterdir()]
    assert kept == [content]
    assert notice is None or isinstance(str(notice), str)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe\x00", b"[" * 100_000, b" " * (settings.LARGEST + 1), b"1" * 9999],
)
def test_a_broken_file_is_set_aside_and_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    loaded, notice = settings.load(path)
    assert loaded == Settings()
    assert notice is not None
    assert notice.key == "error.settings.broken"
    assert (tmp_path / notice.values["aside"]).read_bytes() == content
    assert settings.load(path) == (Settings(), None)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"language": "xx"}, "language"),
        ({"language": 1}, "language"),
        ({"theme": None}, "theme"),
        ({"mouse": 1}, "mouse"),
        ({"ascii": "no"}, "ascii"),
    ],
)
def test_a_value_that_cannot_be_used_gives_way_to_its_default(
    tmp_path: Path, values: dict[str, object], name: str
) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"theme": "nord", **values}))
    loaded, notice = settings.load(path)
    assert getattr(loaded, name) == getattr(Settings(), name)
    assert notice is not None
    assert notice.values["names"] == name
    assert name == "theme" or loaded.theme == "nord"


def test_what_is_no_file_is_told_and_left(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    loaded, notice = settings.load(tmp_path / "settings.json")
    assert loaded == Settings()
    assert notice is not None
    assert notice.key == "error.file.path"
    os.mkfifo(tmp_path / "pipe")
    assert settings.load(tmp_path / "pipe")[0] == Settings()


def test_a_place_that_cannot_be_written_is_told() -> None:
    with pytest.raises(TutorError) as caught:
        settings.save(Settings(), Path("/dev/null/x/settings.json"))
    assert caught.value.key == "error.file.path"


def test_readers_see_only_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings.save(Settings(theme="a" * 5000), path)
    done = threading.Event()

    def write() -> None:
        for letter in "bcdefghij" * 3:
            settings.save(Settings(theme=letter * 5000), path)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        loaded, notice = settings.load(path)
        assert notice is None
        assert loaded.theme == loaded.theme[0] * 5000
    writer.join()
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


def test_the_folder_is_made_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "home"))
    settings.save(Settings())
    assert locations.config_folder().stat().st_mode & 0o777 == 0o700
