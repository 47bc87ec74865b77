"""Short functions that build nodes of Python's syntax tree, so that the compiler is easier to read."""

from __future__ import annotations

import ast

from evaluator.base.checked_cast import checked_cast


def name(text: str) -> ast.expr:
    """Return the expression that reads the variable `text`."""
    return ast.Name(text, ast.Load())


def attribute(value: ast.expr, *path: str) -> ast.expr:
    """Return the expression `value.a.b` for the path `a, b`."""
    for text in path:
        value = ast.Attribute(value, text, ast.Load())
    return value


def call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    """Return the expression `function(arguments)`."""
    return ast.Call(function, list(arguments), [])


def negation(value: ast.expr) -> ast.expr:
    """Return the expression `not value`."""
    return ast.UnaryOp(ast.Not(), value)


def assign(text: str, value: ast.expr) -> ast.stmt:
    """Return the statement `text = value`."""
    return ast.Assign([ast.Name(text, ast.Store())], value)


def parsed(lines: str) -> list[ast.stmt]:
    """Parse a text and return its statements. The text must be a part of this package, never a part of a policy."""
    module = compile(lines, "<policy>", "exec", ast.PyCF_ONLY_AST)
    return checked_cast(module, ast.Module).body
