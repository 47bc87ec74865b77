"""The parameters of a policy: the names of their types, and their values from YAML, Python and the command line."""

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
_ADDRESSES = (Address, Cidr)  # a tuple, because `Address | Cidr` would create a union for each value
GREATEST_INTEGER = 10**18 - 1
_NAMES = {base: name for name, base in TYPE_NAMES.items()}


def type_name(type_: Type) -> str:
    """Return a type in the notation of policy files: `integer`, `[string]`."""
    name = _NAMES[type_.base]
    return f"[{name}]" if type_.is_list else name


def read_value(type_: Type, value: object) -> Literal:
    """Return plain data as a value of the type.

    Raises ValueError, with the expected type, if the data is not of this type.
    """
    if type_.is_list:
        if not isinstance(value, list | tuple):
            raise ValueError(f"expected a list of {_NAMES[type_.base]} values")
        return tuple(_read_scalar(type_.base, item) for item in value)
    return _read_scalar(type_.base, value)


def read_text(type_: Type, text: str) -> Literal:
    """Return a command-line text as a value of the type. Commas separate list elements.

    Raises ValueError if the text is not of this type.
    """
    if type_.is_list:
        return tuple(_scalar_from_text(type_.base, part) for part in text.split(",")) if text else ()
    return _scalar_from_text(type_.base, text)


def bind(program: Program, values: Mapping[str, object]) -> dict[str, Value]:
    """Return the value of every parameter: from `values`, else the default.

    Raises PolicyError, with all problems, if a parameter is unknown, missing or invalid.
    """
    declared = {parameter.name: parameter for parameter in program.parameters}
    problems = [_unknown(name, declared) for name in values if name not in declared]
    bound: dict[str, Value] = {}
    for parameter in program.parameters:
        value = values.get(parameter.name)
        if value is None:
            bound[parameter.name] = parameter.default
            if parameter.is_required:
                problems.append(_missing(program, parameter))
            continue
        try:
            bound[parameter.name] = read_value(parameter.type, value)
        except ValueError as error:
            problems.append(_invalid(parameter.name, error))
    if problems:
        raise PolicyError(problems)
    return bound


def shown(value: Value) -> object:
    """Return a parameter's value as JSON-ready data."""
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    return str(value) if isinstance(value, _ADDRESSES) else value


def parse_assignments(program: Program, assignments: Iterable[str]) -> dict[str, Literal]:
    """Return the values of `name=value` texts, parsed by the declared types.

    Raises PolicyError, with all problems, if a parameter is unknown or its text is invalid.
    """
    declared = {parameter.name: parameter for parameter in program.parameters}
    problems: list[Diagnostic] = []
    values: dict[str, Literal] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            problems.append(Diagnostic("PARAMETER_INVALID", f"expected `name=value`, found {quote(assignment)}"))
        elif name in values:
            problems.append(Diagnostic("PARAMETER_INVALID", f"the parameter {quote(name)} is given twice"))
        elif name not in declared:
            problems.append(_unknown(name, declared))
        else:
            try:
                values[name] = read_text(declared[name].type, text)
            except ValueError as error:
                problems.append(_invalid(name, error))
    if problems:
        raise PolicyError(problems)
    return values


def _read_scalar(base: Base, value: object) -> Plain:
    if base is Base.TEXT and isinstance(value, str):
        if not is_well_formed(value):
            raise ValueError("expected a text, found a text with a lone surrogate, which is not a character")
        return value
    if base is Base.BOOLEAN and isinstance(value, bool):
        return value
    if base is Base.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > GREATEST_INTEGER:
            raise ValueError("expected an integer of at most 18 digits")
        return value
    if base is Base.ADDRESS and isinstance(value, str | Address):
        return value if isinstance(value, Address) else _address(value)
    if base is Base.CIDR and isinstance(value, str | Cidr):
        return value if isinstance(value, Cidr) else _cidr(value)
    raise ValueError(f"expected {_NAMES[base]}, found {describe_value(value)}")


def _scalar_from_text(base: Base, text: str) -> Plain:
    if base is Base.BOOLEAN:
        if text not in ("true", "false"):
            raise ValueError(f"expected true or false, found {quote(text)}")
        return text == "true"
    if base is Base.INTEGER:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            raise ValueError(f"expected an integer of at most 18 digits, found {quote(text)}")
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


def _invalid(name: str, error: ValueError) -> Diagnostic:
    return Diagnostic("PARAMETER_INVALID", f"invalid value of the parameter {quote(name)}: {error}")


def _unknown(name: str, declared: Mapping[str, Parameter]) -> Diagnostic:
    names = f"its parameters: {quote_all(sorted(declared))}" if declared else "the policy has no parameters"
    message = f"the policy has no parameter {quote(name)}"
    return Diagnostic("PARAMETER_UNKNOWN", message, hint=did_you_mean(name, declared) or names)


def _missing(program: Program, parameter: Parameter) -> Diagnostic:
    return Diagnostic(
        "PARAMETER_MISSING",
        f"missing parameter {quote(parameter.name)} ({type_name(parameter.type)}) of the policy {quote(program.name)}",
        hint=parameter.description,
    )
