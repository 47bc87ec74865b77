"""The names of functions that run commands are right, though nothing imports the functions before they are needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from evaluator.cli.action import Action
from evaluator.cli.parser import COMMANDS


def actions() -> Iterator[Action]:
    """Yield the actions in the modules of the commands."""
    for command in COMMANDS:
        for value in vars(import_module(f"evaluator.cli.{command.replace('-', '_')}")).values():
            yield from (one for one in (value.values() if isinstance(value, dict) else [value]) if type(one) is Action)


ACTIONS = tuple(dict.fromkeys(actions()))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.function)
def test_an_action_has_the_name_of_a_function(action: Action) -> None:
    module, _, name = action.function.partition(":")
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    assert [argument.arg for argument in function.args.args] == ["options"]


def test_every_module_of_actions_is_used() -> None:
    package = find_spec("evaluator.cli.actions")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent
    modules = {
        ".".join(("evaluator.cli.actions", *path.relative_to(folder).with_suffix("").parts))
        for path in folder.rglob("*.py")
        if path.name not in {"__init__.py", "inputs.py"}  # `inputs` has what several actions share
    }
    assert modules == {action.function.partition(":")[0] for action in ACTIONS}
