"""Nodes of Python's syntax tree in a word each, so that what is compiled can be read."""

from __future__ import annotations

import ast

from evaluator.base.checked_cast import proven


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
    return proven(module, ast.Module).body
