"""Draws a small host as a tree of lines for a terminal: each interface above its lower devices, with its role.

    vlan1 vlan 5 has 192.0.2.10/24   not preferred by then-nics
    └─ nic0 has 192.0.2.10/24        hostActiveNic

The roots are the interfaces without upper devices. An interface with several upper devices is drawn below each of them,
but its own lower devices are drawn only once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from evaluator.base.text import visible
from evaluator.render.drawing.roles import Role, RoleKind
from evaluator.render.small_host import KIND_WORDS, facts
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface

_GAP = 3
_MEANINGS = {RoleKind.OWNER: "owns a host address, but is never a candidate"}


def tree_of(host: AbstractHost, roles: Mapping[str, Role], added: Collection[str] = ()) -> list[str]:
    """Return the lines of the drawing. The interfaces in `added` are marked as added."""
    if not host.interfaces:
        return ["no interface"]
    rows = list(_rows(host))
    width = max(len(text) for text, _ in rows) + _GAP
    lines = []
    for text, name in rows:
        notes = [note for note in ("added" * (name in added), _meaning(roles.get(name))) if note]
        lines.append(f"{text:{width}}{', '.join(notes)}".rstrip())
    if host.last_client_iface is not None:
        lines.append(f"last client: {visible(host.last_client_iface)}")
    return lines


def _rows(host: AbstractHost) -> Iterator[tuple[str, str]]:
    """Yield each line of the drawing as two values: the text, and the name of the interface in this line."""
    below = {index for interface in host.interfaces for index in interface.lowers}
    drawn: set[int] = set()
    for index in range(len(host.interfaces)):
        if index not in below:
            yield from _branch(host, index, drawn, "", "")


def _branch(host: AbstractHost, index: int, drawn: set[int], head: str, indent: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of an interface and of the interfaces below it. `head` is drawn before its name."""
    interface = host.interfaces[index]
    if index in drawn:
        yield f"{head}{visible(interface.name)} (see above)", ""
        return
    drawn.add(index)
    yield f"{head}{_text(host, interface)}", interface.name
    for number, lower in enumerate(interface.lowers, start=1):
        is_last = number == len(interface.lowers)
        branch, below = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        yield from _branch(host, lower, drawn, indent + branch, indent + below)


def _text(host: AbstractHost, interface: AbstractInterface) -> str:
    kind = KIND_WORDS[interface.kind]
    words = () if interface.name.startswith(kind) else (kind,)
    return " ".join((*words, visible(interface.name), *map(visible, facts(host, interface))))


def _meaning(role: Role | None) -> str:
    """Return the role of an interface in words, with the rule that gave the interface this role."""
    if role is None:
        return ""
    label = _MEANINGS.get(role.kind, role.label)
    return f"{label} by {visible(role.rule)}" if role.rule else label
