"""Rules about a lesson's folder and its Python files, of which only `screen` is imported."""

from __future__ import annotations

import ast
import builtins
import importlib
import symtable
from typing import TYPE_CHECKING, Any

from tutor import catalog
from tutor.code import listing
from tutor.devtools.rules.subject import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.devtools.rules.subject import LessonUnderCheck

OWN = ("__init__", "state", "compute", "screen")
"""The modules that every lesson has."""


def no_stray_files(subject: LessonUnderCheck) -> Iterator[Finding]:
    """A lesson's folder holds the lesson and nothing else."""
    modules = _modules(subject)
    for path in sorted(subject.folder.iterdir()):
        name = path.name
        known = (
            name.startswith(".")
            or name in ("__pycache__", "exercises")
            or (name.startswith("lesson.") and name.endswith(".md"))
            or path.stem in modules
        )
        if not known:
            fix = "remove it; a module is used when screen or compute imports it"
            yield Finding(name, 0, "file", "nothing uses it", fix)


def task_functions(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every task has a function of its name in `compute`, called with (params, device)."""
    module = subject.code("compute.py")
    if module is None:
        fix = "write a module with a function for each task"
        yield Finding("compute.py", 0, "file", "it cannot be read as Python", fix)
        return
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    for task in catalog.tasks(subject.lesson):
        fix = f"write def {task}(params, device)"
        if task not in functions:
            yield Finding("compute.py", 0, task, "the task has no function", fix)
            continue
        node = functions[task]
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        if names != ["params", "device"] or node.args.kwonlyargs:
            wrong = f"its parameters are ({', '.join(names)})"
            yield Finding("compute.py", node.lineno, task, wrong, fix)


def listings_run(subject: LessonUnderCheck) -> Iterator[Finding]:
    """The code shown for each task has everything that it uses, wherever it is run."""
    module = subject.code("compute.py")
    if module is None:
        return
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            wrong = "an import relative to the package works in no copy of the code"
            fix = f"write from {subject.lesson.package}.… import …"
            yield Finding("compute.py", node.lineno, "import", wrong, fix)
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    for name, task in catalog.tasks(subject.lesson).items():
        if name in functions:
            shown = listing(subject.lesson, name, task.params(), streams=task.streams)
            if missing := sorted(_undefined(shown)):
                wrong = f"the code shown for it lacks {', '.join(missing)}"
                fix = "define it at the top of compute.py by a def, a class, or one name = …"
                yield Finding("compute.py", functions[name].lineno, name, wrong, fix)


def pictures_of_views(subject: LessonUnderCheck) -> Iterator[Finding]:
    """Every view of the lab has a picture, whose controls set parameters of the lab."""
    lab = catalog.lab_params(subject.lesson)
    views = lab.setting("view").options
    try:
        screen = importlib.import_module(f"{subject.lesson.package}.screen")
        pictures: dict[str, Any] = screen.PICTURES
    except Exception as error:  # noqa: BLE001 - a lesson may raise anything when imported
        wrong = f"it cannot be used: {type(error).__name__}: {error}"
        yield Finding("screen.py", 0, "PICTURES", wrong, "let it be imported and define PICTURES")
        return
    for view in views:
        if view not in pictures:
            fix = "add one to PICTURES, or remove the view from Lab"
            yield Finding("screen.py", 0, f"view {view}", "it has no picture", fix)
    for view, picture in pictures.items():
        if view not in views:
            fix = "add the view to Lab, or remove the picture"
            yield Finding("screen.py", 0, f"view {view}", "the lab has no such view", fix)
        for control in picture.controls:
            if control not in lab.names():
                wrong = f"its control {control} is no parameter of the lab"
                fix = f"make it one of {', '.join(lab.names())}"
                yield Finding("screen.py", 0, f"view {view}", wrong, fix)


def _modules(subject: LessonUnderCheck) -> set[str]:
    """Return the names of the lesson's modules that its own modules import, and these."""
    package = subject.lesson.package
    found: set[str] = set()
    waiting = set(OWN)
    while waiting:
        name = waiting.pop()
        found.add(name)
        if module := subject.code(f"{name}.py"):
            imported = {one for node in ast.walk(module) for one in _imported(node, package)}
            waiting |= imported - found
    return found


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    """Yield the modules of a package that an import statement may load."""
    targets: list[str] = []
    match node:
        case ast.Import(names=names):
            targets = [name.name for name in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            base = module or ""
            if level:
                base = f"{package}.{base}".rstrip(".")
            targets = [base, *(f"{base}.{name.name}" for name in names)]
    for target in targets:
        if target.startswith(f"{package}."):
            yield target.removeprefix(f"{package}.").partition(".")[0]


def _undefined(source: str) -> set[str]:
    """Return the names that a script uses and neither defines nor imports."""
    top = symtable.symtable(source, "listing", "exec")
    defined = {
        one.get_name()
        for one in top.get_symbols()
        if one.is_assigned() or one.is_imported() or one.is_namespace()
    }
    used: set[str] = set()
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        used |= {one.get_name() for one in table.get_symbols() if one.is_global() or table is top}
    return used - defined - set(dir(builtins)) - {"__name__", "__file__"}
