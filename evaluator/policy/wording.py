"""Values of the rule language as people read them: in messages and explanations."""

from __future__ import annotations

from evaluator.facts.address import Address, Cidr, OwnedAddress
from evaluator.facts.link import Link
from evaluator.policy.interpret import Bindings, evaluate
from evaluator.policy.program import Template
from evaluator.policy.scene import Scene, identity
from evaluator.text import visible

_MOST_SHOWN = 20


def fill(template: Template, scene: Scene, bound: Bindings) -> str:
    """Return the message with its words filled in."""
    return "".join(part if isinstance(part, str) else show(evaluate(part, scene, bound)) for part in template.parts)


def show(value: object) -> str:
    """Return a value as text: lists sorted and joined by commas, an unknown value as `unknown`."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        keys = sorted({identity(item) for item in value}, key=lambda key: (str(type(key)), key))
        return ", ".join(show(key) for key in keys) or "none"
    if isinstance(value, Link):
        return visible(value.name)
    if isinstance(value, Address | OwnedAddress | Cidr):
        return str(value)
    return visible(str(value))


def show_briefly(value: object) -> str:
    """Return a value as text, a long list by its first elements; lists of the language come sorted."""
    if isinstance(value, tuple) and len(value) > _MOST_SHOWN:
        return f"{show(value[:_MOST_SHOWN])}, … ({len(value)} in all)"
    return show(value)


def named_in(template: Template, scene: Scene, bound: Bindings) -> tuple[set[str], set[Address]]:
    """Return the interfaces and the addresses that a message names."""
    interfaces: set[str] = set()
    addresses: set[Address] = set()
    for part in template.parts:
        if isinstance(part, str):
            continue
        value = evaluate(part, scene, bound)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Link):
                interfaces.add(item.name)
            elif isinstance(item, OwnedAddress):
                addresses.add(item.address)
            elif isinstance(item, Address):
                addresses.add(item)
    return interfaces, addresses
