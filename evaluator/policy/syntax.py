"""Nodes of Python's syntax tree in a word each, so that what is compiled can be read.

The nodes are those of `ast`, which adds much that is slow to import and not needed to compile a policy.
"""

from __future__ import annotations

import _ast as ast
from collections.abc import Iterator

_PLACE = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}


def name(text: str) -> ast.expr:
    """Return the use of a name."""
    return ast.Name(text, ast.Load())


def attribute(value: ast.expr, *path: str) -> ast.expr:
    """Return the use of an attribute, or of an attribute's attribute."""
    for text in path:
        value = ast.Attribute(value, text, ast.Load())
    return value


def call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    """Return a call."""
    return ast.Call(function, list(arguments), [])


def negation(value: ast.expr) -> ast.expr:
    """Return `not value`."""
    return ast.UnaryOp(ast.Not(), value)


def assign(text: str, value: ast.expr) -> ast.stmt:
    """Return `text = value`."""
    return ast.Assign([ast.Name(text, ast.Store())], value)


def parsed(lines: str) -> list[ast.stmt]:
    """Return statements of our own, written as text."""
    module = compile(lines, "<policy>", "exec", ast.PyCF_ONLY_AST)
    assert isinstance(module, ast.Module)  # noqa: S101 -- what "exec" asks for
    return module.body


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and everything inside it, in no particular order."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        for field in node._fields:
            value = getattr(node, field, None)
            left.extend(part for part in (value if isinstance(value, list) else (value,)) if isinstance(part, ast.AST))


def located(module: ast.Module) -> ast.Module:
    """Return a module all of whose nodes say where they stand, as Python wants it: in the first line."""
    for node in walk(module):
        if node._attributes:
            vars(node).update(_PLACE)
    return module
