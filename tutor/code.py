"""The code behind a picture: the task's own source with the values that are set, runnable as it is.

The source is read as text, so that neither the lesson's compute module nor torch is imported.
"""

from __future__ import annotations

import ast
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.api import Lesson, Params


def listing(lesson: Lesson, task: str, params: Params, *, streams: bool) -> str:
    """Return a script that computes what is on the screen: the values, the functions, the call.

    Raises:
        KeyError: if the lesson's compute module has no function of this name.
    """
    source = (files(lesson.package) / "compute.py").read_text(encoding="utf-8")
    module = ast.parse(source)
    defined = {name: node for node in module.body for name in _names(node)}
    needed = _needed(task, defined)
    used = {"torch"}.union(*(_used(node) for node in needed))
    kind = type(params).__name__
    values = ", ".join(f"{name}={value!r}" for name, value in params.values().items())
    call = f'{task}(params, torch.device("cpu"))'
    lab = params.query()
    shared = f"{lesson.id}?view={task}{'&' if lab else ''}{lab}"
    return "\n".join(
        [
            f"# tutor open '{shared}'",
            "from __future__ import annotations\n",
            *_imports(module, used),
            f"from {lesson.package}.state import {kind}",
            f"\nparams = {kind}({values})\n\n",
            "\n\n\n".join(_source(source, node) for node in module.body if node in needed),
            "\n",
            f"for frame in {call}:\n    print(frame)" if streams else f"print({call})",
            "",
        ]
    )


def _imports(module: ast.Module, used: set[str]) -> list[str]:
    """Return those of the module's imports that define a name in `used`, one a line."""
    found: list[str] = []
    for node in module.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        node.names = [one for one in node.names if (one.asname or one.name) in used]
        if node.names:
            found.append(ast.unparse(node))
    return found


def _names(node: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            parts = [part for target in targets for part in ast.walk(target)]
            return [part.id for part in parts if isinstance(part, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _needed(task: str, defined: dict[str, ast.stmt]) -> set[ast.stmt]:
    """Return the definitions that a task's function uses, itself included."""
    needed: set[ast.stmt] = set()
    waiting = [defined[task]]
    while waiting:
        node = waiting.pop()
        needed.add(node)
        names = _used(node) & defined.keys()
        waiting += [defined[name] for name in names if defined[name] not in needed]
    return needed


def _used(node: ast.stmt) -> set[str]:
    """Return the names that a definition takes from its module: read in it, and not its own.

    Annotations are not read when the code runs, so their names do not count.
    """
    names: list[ast.Name] = []
    own: set[str] = set()
    waiting: list[ast.AST] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Name):
            names.append(one)
        elif isinstance(one, ast.arg):
            own.add(one.arg)
        for name, value in ast.iter_fields(one):
            if name not in ("annotation", "returns"):
                parts = value if isinstance(value, list) else [value]
                waiting += [part for part in parts if isinstance(part, ast.AST)]
    own |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return {name.id for name in names} - own


def _source(source: str, node: ast.stmt) -> str:
    """Return a statement's text, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])
