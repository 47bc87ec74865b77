"""Facts that are like others but for a few links: what an explanation tries by the hundred.

Who stands on whom is not among what can be otherwise, so that the closure of all stacks is shared.
"""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.frozen import fields

_NAMES = tuple(field.name for field in fields(HostFacts))


def with_links(facts: HostFacts, links: Iterable[Link]) -> HostFacts:
    """Return the facts with these links in place of those of their names, which stand on the same ones as before."""
    changed = {link.name: link for link in links}
    by_name = {**facts.by_name, **changed}
    longest = max((facts.longest_list, *(link.longest_list + 2 for link in changed.values())))
    return _like(facts, by_name=by_name, links=tuple(by_name.values()), longest_list=longest)


def with_networks(facts: HostFacts, networks: tuple[str, ...]) -> HostFacts:
    """Return the facts with other logical networks on the host."""
    return _like(facts, networks=networks)


def with_client(facts: HostFacts, ifname: str) -> HostFacts:
    """Return the facts with another interface by which the last client came in."""
    return _like(facts, last_client_iface=ifname)


def _like(facts: HostFacts, **changed: object) -> HostFacts:
    made = HostFacts.__new__(HostFacts)
    for name in _NAMES:
        object.__setattr__(made, name, changed[name] if name in changed else getattr(facts, name))
    return made
