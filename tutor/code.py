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
    """Return a script that computes what is on the screen: imports, the functions, the call.

    Raises:
        KeyError: if the lesson's compute module has no function of this name.
    """
    source = (files(lesson.package) / "compute.py").read_text(encoding="utf-8")
    module = ast.parse(source)
    defined = {name: node for node in module.body for name in _names(node)}
    needed = _needed(task, defined)
    parts = [_source(source, node) for node in module.body if isinstance(node, ast.Import)]
    parts += [
        _source(source, node)
        for node in module.body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
    ]
    imports = "\n".join(parts)
    functions = "\n\n\n".join(_source(source, node) for node in module.body if node in needed)
    kind = type(params).__name__
    values = ", ".join(f"{name}={value!r}" for name, value in params.values().items())
    call = f'{task}(params, torch.device("cpu"))'
    last = f"for frame in {call}:\n    print(frame)" if streams else f"print({call})"
    state = f"from {lesson.package}.state import {kind}"
    header = f"from __future__ import annotations\n\n{imports}\n{state}"
    return f"{header}\n\n\n{functions}\n\n\nparams = {kind}({values})\n{last}\n"


def _names(node: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
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
        used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        waiting += [defined[name] for name in used & defined.keys() if defined[name] not in needed]
    return needed


def _source(source: str, node: ast.stmt) -> str:
    """Return a statement's text, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])
