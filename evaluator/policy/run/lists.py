"""Caches of lists in forms that are fast to search: sets, networks by prefix length, compiled patterns.

A rule may search the same list many times, for example once for each pair of interfaces. So each form of a list is
built only once and stored in the environment. An environment exists only while one rule is evaluated, because the next
rule may have other candidates. The interpreter and the compiled rules use the same caches, so the step budget counts
the building of each form only once (`cost.py`).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar, cast

from evaluator.facts.address import Address, Cidr
from evaluator.facts.link import Link
from evaluator.facts.subnets import Networks
from evaluator.policy.language.environment import Environment, Scalar, Value, identity
from evaluator.policy.language.vocabulary import Word

_T = TypeVar("_T")
_Items = tuple[Scalar, ...]
_SHORT_LIST = 4
Match = Callable[[str], object]


def cached(environment: Environment, key: tuple[object, ...], build: Callable[[], _T]) -> _T:
    """Return the value that is cached under a key while the rule is evaluated; build it on first use."""
    value = environment.kept.get(key)
    if value is None:
        value = environment.kept[key] = build()
    return cast("_T", value)


def set_of(items: Iterable[object] | None) -> frozenset[object]:
    """Return the identities of a list's elements as a set. The set is empty if the list is unknown."""
    return frozenset(map(identity, items or ()))


def networks_of(networks: Iterable[Cidr] | None) -> Networks:
    """Return the networks of a list as an index, which is faster to search than the list."""
    return Networks(networks or ())


def list_of_word(environment: Environment, word: Word, nic: Link) -> _Items:
    """Return the value of a word for an interface, such as `nic.networks`. The value must be a list."""
    return cached(environment, (word.name, nic.name), lambda: cast("_Items", word.get(environment, nic)))


def set_of_word(environment: Environment, word: Word, nic: Link) -> frozenset[object]:
    """Return the value of a word for an interface as a set of identities. The value must be a list."""
    return cached(environment, (word.name, nic.name, set_of), lambda: set_of(list_of_word(environment, word, nic)))


def networks_of_word(environment: Environment, word: Word, nic: Link) -> Networks:
    """Return the networks of a word for an interface, such as `nic.subnets`, as a set by prefix length."""
    key = word.name, nic.name, networks_of
    return cached(environment, key, lambda: networks_of(cast("tuple[Cidr, ...] | None", word.get(environment, nic))))


def above_in(environment: Environment, floor: Link, items: tuple[Link, ...]) -> Iterator[Link] | tuple[Link, ...]:
    """Return the elements of a list that can be above the interface `floor`, in the order of the list.

    The caller then checks each of them. A short list is returned unchanged. If the list is long, only the interfaces
    above `floor` are returned, so that the caller checks fewer interfaces. The list must be sorted by name, and it must
    not change while the rule is evaluated. For example, `candidates` is sorted and does not change.
    """
    if len(items) <= _SHORT_LIST:
        return items
    by_name: Mapping[str, Link] = cached(
        environment, (id(items), above_in), lambda: {item.name: item for item in items}
    )
    return (by_name[name] for name in environment.facts.topology.above(floor.name) if name in by_name)


def route_to(environment: Environment, address: Address | None) -> tuple[Link, ...]:
    """Return the interfaces with the best route to an address; an empty tuple if the address is unknown."""
    if address is None:
        return ()
    return cached(environment, (address, route_to), lambda: environment.facts.route_to(address))


def is_in(address: Address, networks: Iterable[Cidr]) -> bool:
    """Return whether an address is in one of a few networks, tested one by one."""
    return any(address in network for network in networks)


def matcher(globs: Value) -> Match:
    """Return a function. If a text matches one of the globs, the function returns a match object, otherwise None."""
    patterns = globs if isinstance(globs, tuple) else () if globs is None else (globs,)
    return re.compile("|".join([fnmatch.translate(str(glob)) for glob in patterns]) or "(?!)").match


def is_like(environment: Environment, text: str, globs: Value) -> bool:
    """Return whether one of the globs matches a text."""
    patterns = globs if isinstance(globs, tuple) else (globs,)
    return any(cached(environment, (glob, matcher), partial(matcher, glob))(text) for glob in patterns)
