import ast
import re
import string
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import ROOT

from tutor import i18n
from tutor.i18n import messages, t

EN, KO = messages("en"), messages("ko")

SOURCES = {
    file: ast.parse(file.read_text(encoding="utf-8"))
    for folder in ("tutor", "lessons")
    for file in sorted((ROOT / folder).rglob("*.py"))
}

ENDINGS = {"py", "md", "toml", "json", "jsonl", "sqlite3", "tcss"}
"""How the names of files end, which else look like keys."""

DOTTED = re.compile(r"[a-z_]+(\.[a-z_0-9]+)+")

TABLES = {key.partition(".")[0] for key in EN}


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def words() -> Iterator[tuple[Path, str]]:
    """Yield each text in the source that has the form of a key, which no sentence has."""
    for file, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                told = node.value
                first, last = told.partition(".")[0], told.rpartition(".")[2]
                if DOTTED.fullmatch(told) and first in TABLES and last not in ENDINGS:
                    yield file, told


def patterns() -> Iterator[tuple[Path, re.Pattern[str]]]:
    """Yield each f-string that begins as a key does, its holes as wildcards."""
    for file, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(one.value)) if isinstance(one, ast.Constant) else r"[a-z_0-9]+"
                    for one in node.values
                ]
                first = node.values[0] if node.values else None
                begun = str(first.value) if isinstance(first, ast.Constant) else ""
                last = node.values[-1] if node.values else None
                ended = str(last.value) if isinstance(last, ast.Constant) else ""
                named = ended.rpartition(".")[2] in ENDINGS
                first_word = begun.partition(".")[0]
                if first_word in TABLES and DOTTED.match(f"{begun}x") and not named:
                    yield file, re.compile("".join(parts))


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    """Yield each call of `t`, or of an error for people, whose first argument is a key."""
    for file, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", "")
                first = node.args[0] if name == "t" or name.endswith("Error") else None
                if isinstance(first, ast.Constant) and first.value in EN:
                    yield file, node, str(first.value)


def test_both_languages_have_the_same_messages() -> None:
    assert EN.keys() - KO.keys() == set()
    assert KO.keys() - EN.keys() == set()
    assert len(EN) > 100


@pytest.mark.parametrize("key", sorted(EN.keys() & KO.keys()))
def test_a_message_has_the_same_placeholders_in_both_languages(key: str) -> None:
    assert placeholders(EN[key]) == placeholders(KO[key])


def test_every_message_can_be_filled_and_shows_nothing_strange() -> None:
    for language, texts in (("en", EN), ("ko", KO)):
        i18n.use(language)
        for key, message in texts.items():
            assert isinstance(message, str)
            assert message.strip() == message != ""
            assert all(re.fullmatch(r"[a-z_]+", name) for name in placeholders(message)), key
            shown = t(key, **dict.fromkeys(placeholders(message), 3))
            for character in shown:
                assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), key


def test_korean_messages_are_korean() -> None:
    for key, message in KO.items():
        plain = re.sub(r"\{[^}]*\}", "", EN[key])
        if len(re.findall(r"[A-Za-z]{2,} ", plain)) >= 4:
            assert re.search(r"[가-힣]", message), key


def test_every_key_in_the_source_is_a_message() -> None:
    missing = {(str(file.relative_to(ROOT)), told) for file, told in words() if told not in EN}
    assert missing == set()
    assert sum(1 for _ in words()) > 100


def test_every_composed_key_in_the_source_fits_messages() -> None:
    found = list(patterns())
    assert len(found) >= 3
    for file, pattern in found:
        assert any(pattern.fullmatch(key) for key in EN), (file, pattern.pattern)


def test_every_message_is_used() -> None:
    used = {told for _, told in words()}
    composed = [pattern for _, pattern in patterns()]
    unused = {
        key for key in EN.keys() - used if not any(pattern.fullmatch(key) for pattern in composed)
    }
    assert unused == set()


def test_every_call_gives_what_its_message_needs() -> None:
    seen, lacking = 0, []
    for file, call, key in calls():
        seen += 1
        given = {one.arg for one in call.keywords}
        if None not in given and not placeholders(EN[key]) <= given:
            lacking.append((file.name, call.lineno, key, placeholders(EN[key]) - given))
    assert seen > 60
    assert lacking == []


def test_every_key_of_the_keyboard_is_described() -> None:
    described = 0
    for file, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Binding":
                values: list[Any] = [*node.args[2:3]]
                values += [one.value for one in node.keywords if one.arg == "description"]
                for value in values:
                    if isinstance(value, ast.Constant) and value.value:
                        described += 1
                        assert value.value in EN, (file.name, node.lineno)
                        assert str(value.value).startswith("keys.")
    assert described > 20


def test_the_files_hold_tables_of_texts_only() -> None:
    for language in i18n.LANGUAGES:
        file = ROOT / "tutor" / "i18n" / f"{language}.toml"
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        assert all(isinstance(table, dict) for table in tables.values())
        assert "\t" not in file.read_text(encoding="utf-8")


def test_the_language_is_one_and_can_be_changed() -> None:
    assert i18n.language() == "en"
    english = t("keys.quit")
    i18n.use("ko")
    assert i18n.language() == "ko"
    assert t("keys.quit") == KO["keys.quit"] != english


@pytest.mark.parametrize("language", ["", "de", "EN", "ko_KR", "../en", None])
def test_a_language_that_is_not_there_is_refused(language: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the value is the message
        i18n.use(language)
    assert i18n.language() == "en"


def test_a_message_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        t("no.such.message")


def test_values_are_shown_as_they_are() -> None:
    for told in ("{0}", "{detail}", "{", "}", "%s", "[/red]", "{told.__class__}"):
        assert t("error.plain", told=told) == told


@pytest.mark.parametrize(
    ("env", "language"),
    [
        ({"LC_ALL": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "KO"}, "ko"),
        ({"LC_MESSAGES": "ko_KR", "LANG": "en_US.UTF-8"}, "ko"),
        ({"LC_ALL": "C.UTF-8", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "nonsense"}, "en"),
        ({"LANG": "\x1b[31m"}, "en"),
    ],
)
def test_the_locale_chooses_the_language(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert i18n.from_environment() == language


def test_a_language_that_only_begins_as_korean_is_not_korean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "kok_IN.UTF-8")
    assert i18n.from_environment() == "en"
