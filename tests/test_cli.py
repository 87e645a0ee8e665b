import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Lessons, Said, below, running, tutor, until

import tutor as package
from tutor import headless, locations
from tutor.progress import Progress

PROGRAM = Path(sys.executable).with_name("tutor")


def strange(text: str) -> list[str]:
    """Return the characters of a text that a terminal would obey."""
    return [one for one in text if (ord(one) < 0x20 and one != "\n") or 0x7F <= ord(one) < 0xA0]


def refused(said: Said) -> str:
    """Check that a command was refused as it should be, and return the one line that says why."""
    assert said.code == 2, said
    assert said.out == ""
    assert "Traceback" not in said.err
    assert not strange(said.err)
    assert said.err.endswith("\n")
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("tutor: ")
    return said.err.removeprefix("tutor: ")[:-1]


def given(said: Said) -> Any:
    """Check that a command printed JSON, and return what that holds."""
    assert said.code == 0, said
    assert said.err == ""
    assert said.out.count("\n") == 1
    return json.loads(said.out, parse_constant=pytest.fail)


RUNS: dict[str, tuple[str, ...]] = {
    "small trial": ("run", "bayes.trial", "people=200000", "seed=1", "--json"),
    "posterior": (
        "run",
        "bayes.posterior",
        "sensitivity=0.99",
        "prior=10%&false_alarm=1%",
        "--json",
    ),
    "update": ("run", "bayes.update", "results=+++", "false_alarm=0.1", "--json"),
    "large trial": ("run", "bayes.trial", "people=10_000_000", "seed=2", "--json"),
    "curve": ("run", "bayes.curve", "false_alarm=0", "--json"),
    "nobody": ("run", "bayes.posterior", "prior=0", "false_alarm=0"),
    "아무도": ("--lang", "ko", "run", "bayes.posterior", "prior=0", "false_alarm=0"),
    "doctor": ("--device", "cpu", "doctor", "--json"),
}
"""The commands that compute: some seconds each, so two at a time."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """Return what each of `RUNS` gave."""
    home = str(tmp_path_factory.mktemp("home"))
    with ThreadPoolExecutor(2) as pool:
        said = pool.map(lambda words: tutor(*words, TUTOR_HOME=home), RUNS.values())
        return dict(zip(RUNS, said, strict=True))


def test_posterior(runs: dict[str, Said]) -> None:
    found = given(runs["posterior"])
    assert found["posterior"] == pytest.approx(0.916667, abs=1e-6)
    assert found.keys() == {
        "evidence", "posterior", "true_positive", "false_negative", "false_positive",
        "true_negative",
    }  # fmt: skip


def test_update(runs: dict[str, Said]) -> None:
    found = given(runs["update"])
    assert found["beliefs"] == pytest.approx([0.1, 0.523810, 0.915896, 0.990810], abs=1e-6)


@pytest.mark.parametrize(("trial", "people"), [("small", 200_000), ("large", 10_000_000)])
def test_trial(runs: dict[str, Said], trial: str, people: int) -> None:
    found = given(runs[f"{trial} trial"])
    assert found["people"] == people
    groups = ("true_positive", "false_positive", "true_negative", "false_negative")
    assert sum(found[group] for group in groups) == people
    assert found["exact"] == pytest.approx(0.916667, abs=1e-6)
    assert abs(found["posterior"] - found["exact"]) < 3 * found["standard_error"]
    assert found["sizes"][-1] == people
    assert len(found["sizes"]) == len(found["shares"]) <= 200


def test_arrays_are_lists_in_json_and_shortened_for_people(runs: dict[str, Said]) -> None:
    found = given(runs["curve"])
    assert len(found["priors"]) == len(found["after_positive"]) == 201
    assert found["after_positive"][0] is None  # NaN, which JSON has not
    assert found["even"] is None
    table = headless.result_table({"priors": np.linspace(0, 1, 201), "posterior": 11 / 12})
    first, last = table.splitlines()
    assert first == "priors     0 0.005 0.01 0.015 0.02 0.025 0.03 0.035 … (201)"
    assert last == "posterior  0.916667"


def test_zero_evidence_is_told_in_both_languages(runs: dict[str, Said]) -> None:
    english, korean = refused(runs["nobody"]), refused(runs["아무도"])
    assert re.search(r"[A-Za-z]{3,} [a-z]{2,}", english)
    assert "zero_evidence" not in english + korean
    assert not re.search(r"[가-힣]", english)
    assert re.search(r"[가-힣]", korean)
    assert not re.search(r"[{}]", english + korean)


def test_the_doctor_gives_facts(runs: dict[str, Said]) -> None:
    found = given(runs["doctor"])
    assert {"terminal", "python", "packages", "compute", "files"} <= found.keys()
    assert found["compute"]["device"] == "cpu"
    assert found["compute"]["torch"]
    assert found["python"]["executable"] == sys.executable


BAD = [
    "1.01", "nan", "inf", "1e400", "abc", "", " ", "9" * 100_000, "x" * 100_000, "[/red]",
    "\x1b[31m0.5", "\x1b]52;c;aGk=\x07", "\x9b2J\u202e", "가", "9**9**9", "{name}", "--json",
]  # fmt: skip


def test_a_bad_value_is_refused_in_one_plain_line_that_names_it() -> None:
    with ThreadPoolExecutor(2) as pool:
        for said in pool.map(lambda bad: tutor("run", "bayes.posterior", f"prior={bad}"), BAD):
            line = refused(said)
            assert line.startswith("prior: ")
            assert len(line) < 300


@pytest.mark.parametrize(
    ("task", "value", "name"),
    [
        ("bayes.trial", "people=1.5", "people"),
        ("bayes.trial", "people=0", "people"),
        ("bayes.update", "results=" + "+" * 1000, "results"),
        ("bayes.likelihood", "alpha=0", "alpha"),
        ("bayes.posterior", "prior", "prior"),
        ("bayes.posterior", "prior=0.1=0.2", "prior"),
    ],
)
def test_every_kind_of_bad_value_is_refused(task: str, value: str, name: str) -> None:
    assert refused(tutor("run", task, value)).startswith(f"{name}: ")


@pytest.mark.parametrize("value", ["one\ntwo", "\n\n\n", "a\tb", "x\r\ny"])
def test_a_value_of_several_lines_is_refused_in_one(value: str) -> None:
    assert refused(tutor("run", "bayes.posterior", f"prior={value}")).startswith("prior: ")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "bayes.posterior", "x" * 20_000),
        ("run", "bayes.posterior", "x" * 20_000 + "=1"),
        ("run", "x" * 20_000),
    ],
)
def test_a_name_that_is_very_long_is_told_in_short(words: tuple[str, ...]) -> None:
    assert len(refused(tutor(*words))) < 500


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (("run", "bays.posterior"), "bayes.posterior"),
        (("run", "bayes.posteriro"), "bayes.posterior"),
        (("run", "bayes"), "bayes."),
        (("run", "\x1b[31mbayes"), "bayes."),
        (("run", "bayes.posterior", "proir=0.1"), "prior"),
        (("open", "byes"), "bayes"),
        (("open", "bayes?proir=0.1"), "prior"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(
    words: tuple[str, ...], nearest: str
) -> None:
    assert nearest in refused(tutor(*words)).partition("Nearest: ")[2]


@pytest.mark.parametrize(
    "state", ["bayes?prior=2", "bayes?view=nothing", "bayes?results=xyz", "bayes?prior"]
)
def test_a_state_that_cannot_be_opened_is_refused_before_anything_is_drawn(state: str) -> None:
    assert refused(tutor("open", state))


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("--lang", "de", "list"),
        ("--device", "tpu", "list"),
        ("completion", "tcsh"),
        ("list", "more"),
    ],
)
def test_a_command_that_is_not_there_is_refused(words: tuple[str, ...]) -> None:
    said = tutor(*words)
    assert said.code == 2
    assert said.out == ""
    assert "Traceback" not in said.err
    assert not strange(said.err)


def test_the_lessons_are_listed() -> None:
    found = given(tutor("list", "--json"))
    (bayes,) = [one for one in found if one["id"] == "bayes"]
    assert bayes["title"] == "Bayes' theorem"
    assert "bayes.posterior" in bayes["tasks"]
    assert bayes["broken"] is None
    assert bayes["minutes"] > 0
    said = tutor("list")
    assert said.code == 0
    assert len(said.out.splitlines()) == len(found)
    assert "Bayes' theorem" in said.out


def test_korean() -> None:
    for said in (tutor("--lang", "ko", "list"), tutor("list", LC_ALL="ko_KR.UTF-8")):
        assert said.code == 0
        assert "베이즈 정리" in said.out
    assert "베이즈" in given(tutor("--lang", "ko", "list", "--json"))[0]["title"]
    assert re.search(
        r"[가-힣]", refused(tutor("--lang", "ko", "run", "bayes.posterior", "prior=2"))
    )
    assert re.search(r"[가-힣]", refused(tutor("--lang", "ko")))
    assert "Bayes" in tutor("--lang", "en", "list", LC_ALL="ko_KR.UTF-8").out


def test_what_was_learnt_is_told() -> None:
    assert given(tutor("progress", "--json")) == {"saved": True, "lessons": {}}
    assert "tutor" in tutor("progress").out
    store = Progress.open(locations.progress_file())
    store.record("bayes", "step", step="evidence", lab="posterior?prior=0.2")
    store.record("bayes", "answer", activity="fraud", answer=0.18, right=True)
    store.record("bayes", "answer", activity="loss-is-a-part", answer=0, right=False)
    store.record("gone", "answer", activity="of a lesson that is not installed", answer=1)
    store.close()
    found = given(tutor("progress", "--json"))
    assert found["lessons"].keys() == {"bayes"}
    bayes = found["lessons"]["bayes"]
    assert (bayes["answered"], bayes["right"]) == (2, 1)
    assert bayes["lab"] == "posterior?prior=0.2"
    assert 1 <= bayes["step"] <= bayes["steps"]
    assert bayes["activities"] > 2
    said = tutor("progress")
    assert said.out.startswith("Bayes' theorem")
    assert f"1/{bayes['activities']}" in said.out


def test_version_and_help() -> None:
    said = tutor("--version")
    assert said.code == 0
    assert package.__version__ in said.out
    assert version("tutor-tui") == package.__version__
    for words in (("--help",), ("run", "--help"), ("dev", "--help")):
        said = tutor(*words)
        assert said.code == 0
        assert said.out.startswith("Usage: ")
        assert not strange(said.out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_of_a_shell(shell: str) -> None:
    said = tutor("completion", shell)
    assert said.code == 0
    assert f"_TUTOR_COMPLETE={shell}_complete" in said.out
    assert "tutor" in said.out


def completed(line: str, word: int, shell: str = "bash") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "_TUTOR_COMPLETE": f"{shell}_complete", "COMP_WORDS": line}
    env["COMP_CWORD"] = str(word)
    return subprocess.run([PROGRAM], env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("line", "word", "found"),
    [
        ("tutor ", 1, {"open", "list", "run", "progress", "doctor", "completion", "dev"}),
        ("tutor --l", 1, {"--lang"}),
        ("tutor open b", 2, {"bayes"}),
        ("tutor run bayes.p", 2, {"bayes.posterior"}),
        ("tutor run bayes.", 2, {"bayes.posterior", "bayes.update", "bayes.trial", "bayes.curve"}),
        ("tutor run bayes.posterior ", 3, {"prior=", "sensitivity=", "false_alarm="}),
        ("tutor run bayes.posterior p", 3, {"prior="}),
        ("tutor run bayes.posterior prior=0.1 s", 4, {"sensitivity="}),
        ("tutor run zzz", 2, set()),
    ],
)
def test_words_are_completed(line: str, word: int, found: set[str]) -> None:
    done = completed(line, word)
    assert done.stderr == ""
    words = {told.partition(",")[2] for told in done.stdout.split()}
    assert found <= words
    assert bool(words) == bool(found)


def test_completion_works_in_bash_itself(tmp_path: Path) -> None:
    script = (
        f'PATH={PROGRAM.parent}:$PATH; eval "$(tutor completion bash)"; '
        "COMP_WORDS=(tutor run bayes.post); COMP_CWORD=2; "
        '_tutor_completion tutor; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("bayes.posterior\n", "")


def test_completing_the_words_of_an_unknown_task_says_nothing() -> None:
    done = completed("tutor run bayes.nothing p", 3)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def terminalless(*words: str, tty_in: bool, tty_out: bool, term: str) -> tuple[int, bytes, bytes]:
    """Run the command with standard input or output at a terminal, and return what it says."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tutor", *words],
        stdin=theirs if tty_in else subprocess.DEVNULL,
        stdout=theirs if tty_out else subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": term, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    ) as process:
        out, err = process.communicate(timeout=30)
    os.close(theirs)
    os.set_blocking(ours, False)
    try:
        shown = os.read(ours, 100_000)
    except OSError:
        shown = b""
    os.close(ours)
    return process.returncode, (out or b"") + shown, err


@pytest.mark.parametrize(
    ("tty_in", "tty_out", "term"),
    [
        (False, False, "xterm-256color"),
        (True, False, "xterm-256color"),
        (False, True, "xterm-256color"),
        (True, True, "dumb"),
        (True, True, ""),
        (True, True, "unknown"),
    ],
)
def test_without_a_terminal_it_says_what_to_do_in_plain_text(
    *, tty_in: bool, tty_out: bool, term: str
) -> None:
    words = () if tty_in else ("open", "bayes?prior=0.2")
    code, out, err = terminalless(*words, tty_in=tty_in, tty_out=tty_out, term=term)
    assert code == 2
    assert out == b""
    assert b"tutor --plain" in err
    assert err.count(b"\n") == 1
    assert not strange(err.decode())


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    for command in ("list", "list --json", "--help"):
        line = f"{sys.executable} -m tutor {command} | head -c 0"
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, check=False
        )
        assert done.stderr == b"", command
        assert done.returncode in (0, 1)


def test_a_full_disk_behind_the_output_is_told_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tutor", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr


def test_with_an_ascii_locale_english_is_shown() -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    said = tutor("list", **env)
    assert said.code == 0
    assert "Bayes' theorem" in said.out
    assert refused(tutor("run", "bayes.posterior", "prior=가", **env))


def test_with_an_encoding_that_lacks_letters_nothing_breaks() -> None:
    said = tutor("--lang", "ko", "list", PYTHONIOENCODING="latin-1")
    assert said.code == 0
    assert "Traceback" not in said.err


def test_an_interrupted_run_ends_with_all_its_processes() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tutor", "run", "bayes.trial", "people=10000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        until(lambda: len(below(process.pid)) > 0)
        time.sleep(0.3)
        pids = below(process.pid)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode != 0
    assert out == b""
    assert b"Traceback" not in err
    until(lambda: not running(pids), 10)


def test_debug_shows_where_an_error_comes_from() -> None:
    said = tutor("--debug", "run", "bayes.posterior", "prior=2")
    assert said.code != 0
    assert "Traceback" in said.err
    assert "ParameterError" in said.err


def test_a_broken_lesson_is_listed_and_harms_nothing(lessons: Lessons) -> None:
    lessons.add("bad", init="raise ValueError('\\x1b[31mred [/red]\\nmore')")
    lessons.add("worse", state="raise ImportError")
    found = {one["id"]: one for one in given(tutor("list", "--json"))}
    assert found["bayes"]["broken"] is None
    assert "ValueError" in found["bad"]["broken"]
    said = tutor("list")
    assert said.code == 0
    assert "bad" in said.out
    assert not strange(said.out)
    assert refused(tutor("run", "bayes.posterior", "prior=2")).startswith("prior: ")
    assert "ValueError" in refused(tutor("open", "bad"))
    assert refused(tutor("open", "worse"))
    assert refused(tutor("run", "worse.half"))
    assert completed("tutor open ba", 2).stdout.split() == ["plain,bayes", "plain,bad"]


def test_a_task_of_anyone_can_be_run(lessons: Lessons) -> None:
    compute = """
        from made_mine.state import Half

        def half(params, device):
            return Half(params.share / 2)
    """
    lessons.add("mine", compute=compute)
    assert given(tutor("run", "mine.half", "share=0.3", "--json")) == {"half": 0.15}


def test_without_torch_a_run_is_refused_and_all_else_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "fake" / "torch"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise ImportError('libcudart.so.12: \\x1b[31m')\n")
    monkeypatch.setenv("PYTHONPATH", str(fake.parent))
    assert "libcudart.so.12" in refused(tutor("run", "bayes.posterior"))
    assert given(tutor("list", "--json"))
    facts = given(tutor("doctor", "--json"))
    assert facts["compute"]["available"] is False
    assert "libcudart.so.12" in facts["compute"]["reason"]
