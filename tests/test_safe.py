import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.safe import one_line, safe

ANY_TEXT = st.text(st.characters(exclude_categories=()))
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u3164\uffa0\ufe00\U000e0100"


def obeyed(text: str, kept: str) -> list[str]:
    return [
        character
        for character in text
        if (unicodedata.category(character) in HIDDEN or character in FILLERS)
        and character not in kept
    ]


def test_every_character_that_is_obeyed_or_not_seen_is_written_out() -> None:
    for code in range(0x110000):
        character = chr(code)
        if character not in "\n\t" and (
            unicodedata.category(character) in HIDDEN or character in FILLERS
        ):
            shown = safe(character)
            assert shown.startswith("\\"), hex(code)
            assert shown.isascii()
            assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("pay\u200bpal", "pay\\u200bpal"),
        ("name\udcff", "name\\udcff"),
        ("a\U000e0041", "a\\U000e0041"),
        ("12 %\r100 %", "12 %\\r100 %"),
        ("one\r\ntwo\n\tthree", "one\ntwo\n\tthree"),
        ("a\x85b\u2028c", "a\\x85b\\u2028c"),
        ("[@click=app.quit]", "[@click=app.quit]"),
    ],
)
def test_it_writes_as_python_does(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "확률과 통계",
        "P(θ|D) ≈ 52.4 %",
        "👩‍🔬",
        "👨‍👩‍👧‍👦",
        "❤️",
        "👍🏽",
        "e\u0301",
        "日本語",
        "█▒·⣿",
    ],
)
def test_it_leaves_what_is_seen(text: str) -> None:
    assert safe(text) == text


def test_a_joiner_is_kept_only_where_it_joins() -> None:
    assert safe("a\u200db") == "a\\u200db"
    assert safe("👩\u200d") == "👩\\u200d"
    assert safe("👩\u200dx") == "👩\\u200dx"
    assert safe("❤\ufe0f\ufe0f") == "❤\ufe0f\\ufe0f"
    assert safe("a\ufe0f") == "a\\ufe0f"


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1))
def test_korean_that_came_apart_is_put_together(text: str) -> None:
    assert safe(unicodedata.normalize("NFD", text), 10_000) == text


@given(ANY_TEXT, st.integers(1, 60))
def test_nothing_is_obeyed_and_the_length_is_kept(text: str, limit: int) -> None:
    shown = safe(text, limit)
    assert len(shown) <= limit
    assert not obeyed(shown, "\n\t\u200d\ufe0f")
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert "\t" not in line


@given(ANY_TEXT, st.integers(1, 60))
def test_a_second_time_changes_nothing(text: str, limit: int) -> None:
    assert safe(safe(text, limit), limit) == safe(text, limit)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_stays(text: str) -> None:
    assert safe(text) == text
    assert one_line(text, 10_000) == text


@given(st.binary())
def test_bytes_are_read(content: bytes) -> None:
    assert not obeyed(safe(content), "\n\t\u200d\ufe0f")


def test_long_text_ends_in_an_ellipsis() -> None:
    assert safe("abcdef", 6) == "abcdef"
    assert safe("abcdefg", 6) == "abcde…"
    assert safe("\x1b" * 10, 6) == "\\x1b\\…"


def test_an_object_that_cannot_be_told_is_named() -> None:
    class Sly:
        def __str__(self) -> str:
            raise RuntimeError

    assert safe(Sly()) == "<Sly>"
    assert safe(ValueError("bad \x07")) == "bad \\x07"
    assert safe(None) == "None"


def test_one_line_shows_the_ends_of_lines() -> None:
    assert one_line("a\nb\tc") == "a\\nb\\tc"
    assert one_line("\n" * 10, 6) == "\\n\\n\\…"
