"""Lists that a rule asks about again and again, in the form in which a question to them is cheap.

A rule may ask something of a list for each pair of its elements. What is made of a list, its elements at first, then a
set of them, networks by their lengths, or patterns, is made once and kept in the scene, which lives as long as the
rule is judged. Both the interpreter and the compiled rules ask here, so the step budget has to count the making once.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from evaluator.facts.address import Address, Cidr
from evaluator.facts.link import Link
from evaluator.facts.subnets import Networks
from evaluator.policy.language.environment import Scalar, Scene, Value, identity
from evaluator.policy.language.vocabulary import Word

_T = TypeVar("_T")
_Items = tuple[Scalar, ...]
_FEW = 4
Match = Callable[[str], object]


def kept(scene: Scene, key: tuple[object, ...], make: Callable[[], _T]) -> _T:
    """Return what the scene keeps under a key, made when it is asked for the first time."""
    known = scene.kept.get(key)
    if known is None:
        known = scene.kept[key] = make()
    return cast("_T", known)


def set_of(items: Iterable[object] | None) -> frozenset[object]:
    """Return the elements of a list as a set of what makes them equal; an unknown list is never asked about."""
    return frozenset(map(identity, items or ()))


def networks_of(networks: Iterable[Cidr] | None) -> Networks:
    """Return the networks of a list, to be asked whether an address is in one of them."""
    return Networks(networks or ())


def list_of_word(scene: Scene, word: Word, nic: Link) -> _Items:
    """Return the list that a word gives of an interface."""
    return kept(scene, (word.name, nic.name), lambda: cast("_Items", word.get(scene, nic)))


def set_of_word(scene: Scene, word: Word, nic: Link) -> frozenset[object]:
    """Return the set that a word gives of an interface."""
    return kept(scene, (word.name, nic.name, set_of), lambda: set_of(list_of_word(scene, word, nic)))


def networks_of_word(scene: Scene, word: Word, nic: Link) -> Networks:
    """Return the networks that a word gives of an interface."""
    return kept(scene, (word.name, nic.name, networks_of), lambda: networks_of(word.get(scene, nic)))  # type: ignore[arg-type]  # typed by the checker


def above_in(scene: Scene, floor: Link, items: tuple[Link, ...]) -> Iterator[Link] | tuple[Link, ...]:
    """Return those of a list that may stand above an interface: of many, those that do, in the order of the list.

    The list is that of the candidates, say: sorted by name, and the same as long as the rule is judged.
    """
    if len(items) <= _FEW:
        return items
    by_name: Mapping[str, Link] = kept(scene, (id(items), above_in), lambda: {item.name: item for item in items})
    return (by_name[name] for name in scene.facts.topology.above(floor.name) if name in by_name)


def route_to(scene: Scene, address: Address | None) -> tuple[Link, ...]:
    """Return the links by which the host reaches an address; an unknown one is never asked about."""
    if address is None:
        return ()
    return kept(scene, (address, route_to), lambda: scene.facts.route_to(address))


def is_in(address: Address, networks: Any) -> bool:  # noqa: ANN401 -- a list, typed by the checker
    """Return whether an address is in one of a few networks."""
    return any(address in network for network in networks)


def matcher(globs: Value) -> Match:
    """Return what matches a text that one of the globs matches."""
    listed = globs if isinstance(globs, tuple) else () if globs is None else (globs,)
    return re.compile("|".join([fnmatch.translate(str(glob)) for glob in listed]) or "(?!)").match


def is_like(scene: Scene, text: str, globs: Value) -> bool:
    """Return whether one of the globs matches a text."""
    listed = globs if isinstance(globs, tuple) else (globs,)
    return any(kept(scene, (glob, matcher), lambda glob=glob: matcher(glob))(text) for glob in listed)  # type: ignore[misc]
