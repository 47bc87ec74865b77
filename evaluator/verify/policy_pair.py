"""Prepares two policies for a comparison: chooses the values of their parameters, and renames parameters.

A decision has parameters, so a comparison of two policies must state which values they have. There are two comparisons:

- `SAME`: a parameter of both policies has the same value in both policies. The comparison covers all values. It answers
  the question of a caller that gives each parameter a value, for example an engine that knows the VLAN of the network.
- `DEFAULTS`: no parameter is given, so each policy uses its own defaults. This comparison is made only if a default of
  the new policy differs from the default of the old policy.

The proofs and the search of small hosts know one value for each name. So if a parameter can have different values in
the two policies, the parameter of the new policy is renamed: for example, `least_mtu` becomes `least_mtu.new`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from evaluator.policy.language.checked import Condition, Expression, ParameterValue
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Parameter, Program, Rule, Template

Given = Mapping[str, Value]
_RENAMED = (Rule, Template, Condition, Expression)
_Node = TypeVar("_Node", bound=Struct)
_OF_NEW = "{}.new"  # the name of a parameter of the new policy whose value differs from the one in the old policy


class ParameterValues(StrEnum):
    """The values of the parameters in a comparison of two policies."""

    SAME = "same"
    DEFAULTS = "defaults"


class PolicyPair(Struct, frozen=True):
    """Two policies that are prepared for a comparison.

    - `parameters`: the parameters of both policies.
    - `fixed`: the parameters that have only one value in the comparison, with this value.
    - `renamed`: for each renamed parameter of `new`, the original name.
    - `known`: the parameters that only one policy declares as optional. In the comparison, they always have a value.
    """

    values: ParameterValues
    old: Program
    new: Program
    parameters: tuple[Parameter, ...]
    fixed: Mapping[str, Value]
    renamed: Mapping[str, str]
    known: tuple[str, ...]

    def of_old(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values of the old policy's parameters."""
        return {one.name: values[one.name] for one in self.old.parameters if one.name in values}

    def of_new(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values of the new policy's parameters, by their original names."""
        names = (one.name for one in self.new.parameters)
        return {self.renamed.get(name, name): values[name] for name in names if name in values}


def pairs_of(old: Program, new: Program, given_old: Given, given_new: Given) -> tuple[PolicyPair, ...]:
    """Return the pairs to compare.

    In the first pair, the parameters have the same values. If a default differs, there is a second pair, in which the
    parameters have their defaults. `given_old` and `given_new` are the given values of the parameters of each policy.
    """
    ours, theirs = _by_name(old), _by_name(new)
    shared = [name for name in ours if name in theirs]
    other_types = {name for name in shared if not _is_one_type(ours[name], theirs[name])}
    same = _pair(ParameterValues.SAME, (old, new), (given_old, given_new), other_types)
    of_old, of_new = ({**_defaults(program), **given} for program, given in ((old, given_old), (new, given_new)))
    if all(name in given_old or name in given_new for name in _with_other_default(ours, theirs)):
        return (same,)
    others = {name for name in shared if name in other_types or _value(of_old, name) != _value(of_new, name)}
    return same, _pair(ParameterValues.DEFAULTS, (old, new), (of_old, of_new), others)


def _value(values: Given, name: str) -> tuple[bool, Value]:
    """Return whether a parameter has only one value, and this value. Otherwise, the parameter can have any value."""
    return name in values, values.get(name)


def _with_other_default(ours: Mapping[str, Parameter], theirs: Mapping[str, Parameter]) -> Iterator[str]:
    """Yield the parameters that have another default in the other policy, or that only one policy has."""
    for name in {**ours, **theirs}:
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None:
            declared = one or other
            if declared is not None and not declared.is_required:
                yield name
        elif one.default != other.default or one.is_required is not other.is_required:
            yield name


def _pair(
    values: ParameterValues, programs: tuple[Program, Program], given: tuple[Given, Given], independent: Collection[str]
) -> PolicyPair:
    old, new = programs
    names = {name: _OF_NEW.format(name) for name in independent}
    renamed = _with_names(new, names)
    ours, theirs = _by_name(old), _by_name(renamed)
    return PolicyPair(
        values,
        old,
        renamed,
        tuple(_joint(ours.get(name), theirs.get(name)) for name in {**ours, **theirs}),
        {**{names.get(name, name): value for name, value in given[1].items()}, **given[0]},
        {name: own for own, name in names.items()},
        tuple(name for name in ours if name in theirs and ours[name].type.optional is not theirs[name].type.optional),
    )


def _joint(one: Parameter | None, other: Parameter | None) -> Parameter:
    """Return a parameter that accepts only values that both policies accept."""
    if one is None or other is None:
        return cast("Parameter", one or other)
    default = other.default if one.default is None else one.default
    return replace(one, type=replace(one.type, optional=one.type.optional and other.type.optional), default=default)


def _by_name(program: Program) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in program.parameters}


def _is_one_type(one: Parameter, other: Parameter) -> bool:
    return (one.type.base, one.type.is_list) == (other.type.base, other.type.is_list)


def _defaults(program: Program) -> dict[str, Value]:
    return {one.name: one.default for one in program.parameters if not one.is_required}


def _with_names(program: Program, names: Mapping[str, str]) -> Program:
    """Return the program in which some parameters have other names."""
    if not names:
        return program
    parameters = tuple(replace(one, name=names.get(one.name, one.name)) for one in program.parameters)
    return replace(program, parameters=parameters, rules=tuple(_renamed(rule, names) for rule in program.rules))


def _renamed(node: _Node, names: Mapping[str, str]) -> _Node:
    """Return a rule, or a part of it, in which some parameters have other names."""
    if isinstance(node, ParameterValue):
        return cast("_Node", replace(node, name=names.get(node.name, node.name)))
    changed = {name: _part(getattr(node, name), names) for name in node.__struct_fields__}
    return replace(node, **changed)


def _part(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, tuple):
        return tuple(_part(item, names) for item in value)
    return _renamed(value, names) if isinstance(value, _RENAMED) else value
