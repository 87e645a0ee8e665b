import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

LINTER = Path(sys.executable).with_name("lint-imports")

CONTRACTS = {
    "engine": "The engine knows no lesson",
    "screen": "The screen computes nothing",
    "compute": "What computes knows no screen",
    "light": "What lessons build on is light",
    "metadata": "A lesson's __init__ is metadata only",
    "independent": "Lessons are independent of each other",
}

LATE = "\n\ndef late() -> None:\n    {}\n"
"""An import that happens only when a function is called: as forbidden as one at the top."""

PLANTS = [
    ("engine", "tutor/catalog.py", "import lessons.bayes"),
    ("screen", "tutor/widgets/plot.py", LATE.format("import torch")),
    ("screen", "tutor/screens/lesson.py", "from tutor.compute.worker import Worker"),
    ("screen", "tutor/numbers.py", "from torch import Tensor"),
    ("screen", "lessons/bayes/screen.py", "from lessons.bayes import compute"),
    ("compute", "lessons/bayes/compute.py", "from rich.text import Text"),
    ("compute", "lessons/bayes/compute.py", "from tutor.widgets.chart import Chart"),
    ("compute", "tutor/compute/worker.py", LATE.format("from textual.app import App")),
    ("compute", "tutor/compute/host.py", "from tutor.cells import width"),
    ("light", "tutor/api.py", "import numpy as np"),
    ("light", "lessons/bayes/state.py", "import numpy as np"),
    ("light", "lessons/bayes/state.py", LATE.format("import torch")),
    ("metadata", "lessons/bayes/__init__.py", "from lessons.bayes.state import TASKS"),
    ("independent", "lessons/bayes/state.py", "from lessons.other import LESSON"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the source, with a second lesson in it."""
    copy = tmp_path_factory.mktemp("tree")
    for package in ("tutor", "lessons"):
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copytree(copy / "lessons/bayes", copy / "lessons/other")
    for file in (copy / "lessons/other").glob("*.py"):
        file.write_text(file.read_text().replace("lessons.bayes", "lessons.other"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.fixture
def planted(tree: Path) -> Iterator[list[tuple[Path, str]]]:
    """Return where to note what a changed file was."""
    changed: list[tuple[Path, str]] = []
    yield changed
    for file, content in changed:
        file.write_text(content)


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False
    )


def test_every_contract_is_kept_by_the_source_and_checked_here(tree: Path) -> None:
    linted = lint(tree)
    assert linted.returncode == 0, linted.stdout
    for name in CONTRACTS.values():
        assert f"{name} KEPT" in linted.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in linted.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTS)
def test_a_forbidden_import_breaks_its_contract(
    tree: Path, planted: list[tuple[Path, str]], contract: str, file: str, line: str
) -> None:
    content = (tree / file).read_text()
    planted.append((tree / file, content))
    (tree / file).write_text(f"{content}\n{line}\n")
    linted = lint(tree)
    assert linted.returncode == 1, linted.stdout
    assert f"{CONTRACTS[contract]} BROKEN" in linted.stdout


def test_an_import_for_type_checkers_only_is_allowed(
    tree: Path, planted: list[tuple[Path, str]]
) -> None:
    file = tree / "tutor/api.py"
    planted.append((file, file.read_text()))
    file.write_text(f"{file.read_text()}\nif TYPE_CHECKING:\n    import numpy as np\n")
    assert lint(tree).returncode == 0


SCREEN, TORCH = {"textual", "rich", "plotext"}, {"torch"}
EVERYTHING = SCREEN | TORCH | {"numpy"}

LOADED = [
    (["tutor.cli", "tutor.guard", "tutor.terminal"], EVERYTHING | {"asyncio", "sqlite3"}),
    (
        [
            "tutor.activities",
            "tutor.api",
            "tutor.catalog",
            "tutor.compute.client",
            "tutor.compute.host",
            "tutor.errors",
            "tutor.lesson_text",
            "lessons.bayes",
            "lessons.bayes.state",
        ],
        EVERYTHING,
    ),
    (["tutor.headless"], EVERYTHING - {"rich"}),
    (["tutor.runs_report", "tutor.training_report"], SCREEN | TORCH),
    (["tutor.app"], {"torch", "numpy", "plotext"}),
    (["tutor.screens.lesson", "lessons.bayes.screen"], TORCH),
    (["tutor.compute.worker", "lessons.bayes.compute"], SCREEN),
]


@pytest.mark.parametrize(("modules", "unwanted"), LOADED)
def test_importing_a_module_loads_nothing_that_it_must_not(
    modules: list[str], unwanted: set[str]
) -> None:
    program = (
        f"import json, sys, {', '.join(modules)}\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert "json" in loaded
    assert not loaded & unwanted


def dangers(source: str) -> list[str]:
    """Return what in a module's source could run code or write files that came from outside."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [one.name for one in names if one.name.partition(".")[0] in UNPICKLERS]
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in UNPICKLERS:
                found.append(module)
            case ast.ImportFrom(module="torch", names=names):
                found += [f"torch.{one.name}" for one in names if one.name in ("load", "hub")]
            case ast.Name(id="eval" | "exec" | "__import__" as name):
                found.append(name)
            case ast.Attribute(value=ast.Name(id="torch"), attr="load" | "hub" as name):
                found.append(f"torch.{name}")
            case ast.Attribute(attr="extractall" | "unpack_archive" | "load_module" as name):
                found.append(name)
            case ast.keyword(arg="allow_pickle" | "shell" as name, value=value):
                if not (isinstance(value, ast.Constant) and value.value is False):
                    found.append(name)
            case _:
                pass
    return found


UNPICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import numpy as np, pickle as p",
        "from pickle import loads",
        "def late():\n    import dill.source",
        "torch.load('x.pt')",
        "from torch import load",
        "torch.hub.load('a', 'b')",
        "eval('1')",
        "x = exec",
        "archive.extractall()",
        "shutil.unpack_archive('a.zip')",
        "np.load(file, allow_pickle=True)",
        "np.load(file, allow_pickle=wish)",
        "subprocess.run('ls', shell=True)",
    ],
)
def test_the_search_for_dangers_finds(source: str) -> None:
    assert dangers(source)


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "asyncio.create_subprocess_exec('ls')",
        "# eval( and pickle",
        "'torch.load'",
        "json.load(file)",
        "np.load(file, allow_pickle=False)",
    ],
)
def test_the_search_for_dangers_lets_be(source: str) -> None:
    assert not dangers(source)


def test_no_source_unpickles_unpacks_or_evaluates() -> None:
    files = [file for folder in ("tutor", "lessons") for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 50
    found = {
        str(file.relative_to(ROOT)): told
        for file in files
        if (told := dangers(file.read_text(encoding="utf-8")))
    }
    assert found == {}
