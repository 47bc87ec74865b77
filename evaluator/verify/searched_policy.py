"""Compiles a policy for the search of small hosts. The code differs in two points from the code in production.

1. The steps are not counted. In production, the limit of the steps depends on the name of the host and on all
   parameters. So these values are read even if no rule reads them. The search tries every value of each fact that is
   read. With a limit of the steps, the search would decide a host several times with the same result.
2. The word `nic.name` reads the attribute `LazyLink.chosen_name` instead of `name`. The compiled code also uses `name`
   as the key of an interface, so it reads `name` even if no condition compares names. The search must try several names
   only if a condition compares names, and `chosen_name` is read only then.
"""

from __future__ import annotations

from operator import attrgetter
from typing import cast

from msgspec.structs import replace

from evaluator.policy.compile.rules import CompiledPolicy, compile_decide
from evaluator.policy.language.checked import Condition, Node, Read
from evaluator.policy.language.environment import Environment, Question, Value
from evaluator.policy.language.program import Program
from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.vocabulary import Word
from evaluator.policy.run.budget import Budget, Costs

_NAME = (Base.NIC, "name")
_read_chosen_name = attrgetter("chosen_name")


def _chosen_name(_: Environment, nic: object) -> Value:
    return cast("Value", _read_chosen_name(nic))


_CHOSEN_NAME = Word(Base.NIC, "chosen_name", Type(Base.TEXT), "its name", _chosen_name, path=("chosen_name",))


class _ReadChosenName(Read, frozen=True):
    """The word `nic.name` during a search. Its value is the name that the current run chooses for the interface."""

    @property
    def word(self) -> Word:
        """The word that reads the chosen name."""
        return _CHOSEN_NAME


def searched_condition(condition: Condition) -> Condition:
    """Return the condition in which `nic.name` reads the chosen name of an interface."""
    return cast("Condition", _with_chosen_names(condition))


def searched_program(program: Program) -> Program:
    """Return the program whose conditions read the chosen names of interfaces."""
    rules = tuple(replace(rule, condition=searched_condition(rule.condition)) for rule in program.rules)
    return replace(program, rules=rules)


def _with_chosen_names(node: Node) -> Node:
    fields = {field: getattr(node, field) for field in node.__struct_fields__}
    changed: dict[str, object] = {}
    for field, value in fields.items():
        if isinstance(value, Node):
            changed[field] = _with_chosen_names(value)
        elif isinstance(value, tuple) and any(isinstance(item, Node) for item in value):
            changed[field] = tuple([_with_chosen_names(item) for item in value])
    if isinstance(node, Read) and node.key == _NAME:
        return _ReadChosenName(**{**fields, **changed})
    return replace(node, **changed) if changed else node


class _Uncounted(Costs):
    """The costs of a policy for hosts that are so small that no steps are counted."""

    def budget(self, question: Question) -> Budget | None:
        """Return None, because the decision has no limit of steps."""
        return None


class SearchedPolicy(CompiledPolicy):
    """A compiled policy. A search uses it to decide small hosts."""

    def __init__(self, program: Program) -> None:
        self.program = searched_program(program)
        self.costs = _Uncounted(program)
        self.decide = compile_decide(self.program, self.costs)
