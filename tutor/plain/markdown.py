"""Markdown as plain lines: the words stay, the marks and the targets of links go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from tutor.plain.wrapping import CELLS, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def plain_lines(
    markdown: str, letters: Callable[[str], str] = str, cells: int = CELLS
) -> list[str]:
    """Return a text without its marks, in lines of at most `cells`; only code may be wider.

    A row of a table is a line of its own: each cell after the heading of its column. `letters`
    is applied to the words between the marks.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    for token in tokens:
        for one in (token, *(token.children or ())):
            one.content = letters(one.content)
    return _blocks(SyntaxTreeNode(tokens).children, cells)


def _blocks(nodes: Sequence[SyntaxTreeNode], cells: int) -> list[str]:
    """Return blocks with an empty line between them, except in a tight list."""
    lines: list[str] = []
    for node in nodes:
        if lines and not node.hidden:
            lines.append("")
        lines += _block(node, cells)
    return lines


def _block(node: SyntaxTreeNode, cells: int) -> list[str]:
    match node.type:
        case "bullet_list":
            return _items(node.children, ["- "] * len(node.children), cells)
        case "ordered_list":
            start = int(node.attrs.get("start", 1))
            marks = [f"{number}. " for number in range(start, start + len(node.children))]
            return _items(node.children, marks, cells)
        case "fence" | "code_block":
            return [f"  {line}" for line in node.content.rstrip("\n").split("\n")]
        case "table":
            return _table(node, cells)
        case "blockquote":
            return _indented(_blocks(node.children, cells - 2), "  ", "  ")
    return [line for part in _inline(node).split("\n") for line in wrapped(part, cells)]


def _items(items: Sequence[SyntaxTreeNode], marks: Iterable[str], cells: int) -> list[str]:
    lines: list[str] = []
    for item, mark in zip(items, marks, strict=True):
        further = " " * len(mark)
        lines += _indented(_blocks(item.children, cells - len(mark)), mark, further)
    return lines


def _indented(lines: Iterable[str], first: str, further: str) -> list[str]:
    return [(further if index else first) + line for index, line in enumerate(lines)]


def _table(node: SyntaxTreeNode, cells: int) -> list[str]:
    head, *body = [row for part in node.children for row in part.children]
    names = [_inline(cell) for cell in head.children]
    lines: list[str] = []
    for row in body:
        told = (
            f"{name}: {_inline(cell)}" if name else _inline(cell)
            for name, cell in zip(names, row.children, strict=False)
        )
        lines += wrapped("; ".join(told), cells, further="  ")
    return lines


def _inline(node: SyntaxTreeNode) -> str:
    """Return the words of a block or a part of one."""
    match node.type:
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
    return node.content if not node.children else "".join(map(_inline, node.children))
