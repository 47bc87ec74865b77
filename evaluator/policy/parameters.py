"""The parameters of a policy: their declared types, and values for them from YAML, Python and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.schema import describe_value
from evaluator.base.text import did_you_mean, is_well_formed, quote, quote_all
from evaluator.facts.address import Address, Cidr, parse_address, parse_cidr
from evaluator.policy.language.environment import Literal, Plain, Value
from evaluator.policy.language.program import Parameter, Program
from evaluator.policy.language.types import Base, Type

TYPE_NAMES = {
    "string": Base.TEXT,
    "integer": Base.INTEGER,
    "boolean": Base.BOOLEAN,
    "address": Base.ADDRESS,
    "cidr": Base.CIDR,
}
ParameterInput = Plain | Iterable[Plain]
GREATEST_INTEGER = 10**18 - 1
_NAMES = {base: name for name, base in TYPE_NAMES.items()}


def type_name(type_: Type) -> str:
    """Return a type as policy files write it."""
    name = _NAMES[type_.base]
    return f"[{name}]" if type_.is_list else name


def read_value(type_: Type, given: object) -> Literal:
    """Return plain data as a value of the type; ValueError says what is wrong with it."""
    if type_.is_list:
        if not isinstance(given, list | tuple):
            raise ValueError(f"expected a list of {_NAMES[type_.base]} values")
        return tuple(_read_scalar(type_.base, item) for item in given)
    return _read_scalar(type_.base, given)


def read_text(type_: Type, text: str) -> Literal:
    """Return the text of a command line as a value of the declared type; elements of a list are joined by commas."""
    if type_.is_list:
        return tuple(_scalar_from_text(type_.base, part) for part in text.split(",")) if text else ()
    return _scalar_from_text(type_.base, text)


def bind(program: Program, given: Mapping[str, object]) -> dict[str, Value]:
    """Return a value for every parameter: as given, or the default; PolicyError lists all that do not fit."""
    declared = {parameter.name: parameter for parameter in program.parameters}
    problems = [_unknown(name, declared) for name in given if name not in declared]
    bound: dict[str, Value] = {}
    for parameter in program.parameters:
        value = given.get(parameter.name)
        if value is None:
            bound[parameter.name] = parameter.default
            if parameter.is_required:
                problems.append(_missing(program, parameter))
            continue
        try:
            bound[parameter.name] = read_value(parameter.type, value)
        except ValueError as error:
            problems.append(
                Diagnostic("PARAMETER_INVALID", f"the parameter {quote(parameter.name)} does not fit: {error}")
            )
    if problems:
        raise PolicyError(problems)
    return bound


def shown(value: Value) -> object:
    """Return a parameter's value as JSON-ready data."""
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    return str(value) if isinstance(value, Address | Cidr) else value


def parse_assignments(program: Program, assignments: Iterable[str]) -> dict[str, Literal]:
    """Read `name=value` texts by the declared types; PolicyError lists every one that is wrong."""
    declared = {parameter.name: parameter for parameter in program.parameters}
    problems: list[Diagnostic] = []
    found: dict[str, Literal] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            message = f"{quote(assignment)} is no `name=value`"
            problems.append(Diagnostic("PARAMETER_INVALID", message))
        elif name in found:
            problems.append(Diagnostic("PARAMETER_INVALID", f"the parameter {quote(name)} is given twice"))
        elif name not in declared:
            problems.append(_unknown(name, declared))
        else:
            try:
                found[name] = read_text(declared[name].type, text)
            except ValueError as error:
                problems.append(Diagnostic("PARAMETER_INVALID", f"the parameter {quote(name)} does not fit: {error}"))
    if problems:
        raise PolicyError(problems)
    return found


def _read_scalar(base: Base, given: object) -> Plain:
    if base is Base.TEXT and isinstance(given, str):
        if not is_well_formed(given):
            raise ValueError("expected a text of characters, found one with a lone surrogate")
        return given
    if base is Base.BOOLEAN and isinstance(given, bool):
        return given
    if base is Base.INTEGER and isinstance(given, int) and not isinstance(given, bool):
        if abs(given) > GREATEST_INTEGER:
            raise ValueError("expected an integer of at most eighteen digits")
        return given
    if base is Base.ADDRESS and isinstance(given, str | Address):
        return given if isinstance(given, Address) else _address(given)
    if base is Base.CIDR and isinstance(given, str | Cidr):
        return given if isinstance(given, Cidr) else _cidr(given)
    raise ValueError(f"expected {_NAMES[base]}, found {describe_value(given)}")


def _scalar_from_text(base: Base, text: str) -> Plain:
    if base is Base.BOOLEAN:
        if text not in ("true", "false"):
            raise ValueError(f"expected true or false, found {quote(text)}")
        return text == "true"
    if base is Base.INTEGER:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            raise ValueError(f"expected a whole number, found {quote(text)}")
        return int(text)
    return _read_scalar(base, text)


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError:
        raise ValueError(f"expected an IP address, found {quote(text)}") from None


def _cidr(text: str) -> Cidr:
    try:
        return parse_cidr(text)
    except ValueError as error:
        reason = f" ({error})" if "host bits" in str(error) else ""
        raise ValueError(f"expected a network, found {quote(text)}{reason}") from None


def _unknown(name: str, declared: Mapping[str, Parameter]) -> Diagnostic:
    known = f"it has {quote_all(sorted(declared))}" if declared else "it has none"
    message = f"the policy has no parameter {quote(name)}"
    return Diagnostic("PARAMETER_UNKNOWN", message, hint=did_you_mean(name, declared) or known)


def _missing(program: Program, parameter: Parameter) -> Diagnostic:
    return Diagnostic(
        "PARAMETER_MISSING",
        f"the policy {quote(program.name)} needs its parameter {quote(parameter.name)} ({type_name(parameter.type)})",
        hint=parameter.description,
    )
