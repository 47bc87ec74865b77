"""Write values of the rule language as text, for messages and explanations, and build the findings of rules."""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.base.finding import Finding
from evaluator.base.text import visible
from evaluator.facts.address import Address, Cidr, OwnedAddress
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Owner, Question, Value, identity
from evaluator.policy.language.program import Rule
from evaluator.policy.language.verbs import Effect

_MOST_SHOWN = 20
_ADDRESSES = (Address, OwnedAddress, Cidr)  # a tuple, because `|` would create a union for each value


def show(value: object) -> str:
    """Return a value as text. A list is sorted and joined by commas.

    An empty list becomes `none`, and an unknown value becomes `unknown`.
    """
    if isinstance(value, tuple):
        return _show_list(value)
    if isinstance(value, Link):
        return visible(value.name)
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Owner):
        return show(value.nic) + (f" ({show(value.addresses)})" if value.addresses else "")
    return str(value) if isinstance(value, _ADDRESSES) else visible(str(value))


def _show_list(values: tuple[object, ...]) -> str:
    """Return the elements of a list as text. Owners are sorted already."""
    if values and isinstance(values[0], Owner):
        return ", ".join(map(show, values))
    keys = sorted(set(map(identity, values)), key=lambda key: (str(type(key)), key))
    return ", ".join(map(show, keys)) or "none"


def show_briefly(value: object) -> str:
    """Return a value as text. A long list is shortened to its first 20 elements and the number of all elements."""
    if isinstance(value, tuple) and len(value) > _MOST_SHOWN:
        return f"{show(value[:_MOST_SHOWN])}, … ({len(value)} in all)"
    return show(value)


def finding_of(
    rule: Rule, question: Question, nic: Link, printed: tuple[Value, ...], message: str, hint: str
) -> Finding:
    """Return the finding of a rule. The condition of the rule is true for the interface `nic`.

    The finding is about the addresses that the message prints. For example, if the message has the word
    `{nic.addresses}`, `printed` has the value of this word. If the message has no word for addresses, `printed` is
    empty, and the finding is about the host addresses that the interface owns.
    """
    addresses = frozenset(_interfaces_and_addresses(printed)[1]) if printed else question.matched_set(nic)
    return _finding(rule, {nic.name}, addresses, message, hint)


def _interfaces_and_addresses(values: Iterable[Value]) -> tuple[set[str], set[Address]]:
    """Find the interfaces and addresses in the values of a message; return the interfaces' names and the addresses."""
    interfaces: set[str] = set()
    addresses: set[Address] = set()
    for value in values:
        for item in value if isinstance(value, tuple) else (value,):
            match item:
                case Link():
                    interfaces.add(item.name)
                case Owner():
                    interfaces.add(item.nic.name)
                    addresses.update(item.addresses)
                case OwnedAddress():
                    addresses.add(item.address)
                case Address():
                    addresses.add(item)
    return interfaces, addresses


def finding_without_subject(
    rule: Rule, question: Question, candidates: tuple[Link, ...], values: tuple[Value, ...], message: str, hint: str
) -> Finding:
    """Return the finding of a true rule that has no subject.

    `values` are the values of the words in its message. The finding is about the interfaces and addresses in `values`.
    The finding of an `ambiguous` rule is also about the candidates and the host addresses that they own.
    """
    interfaces, addresses = _interfaces_and_addresses(values)
    if rule.verb.effect is Effect.MAKE_AMBIGUOUS:
        interfaces.update([nic.name for nic in candidates])
        addresses.update(question.matched_sets(candidates))
    return _finding(rule, interfaces, addresses, message, hint)


def _finding(rule: Rule, interfaces: Iterable[str], addresses: Iterable[Address], message: str, hint: str) -> Finding:
    texts = tuple([str(address) for address in sorted(addresses)])
    return Finding(rule.code, rule.severity, message, tuple(sorted(interfaces)), texts, rule.place, hint)
