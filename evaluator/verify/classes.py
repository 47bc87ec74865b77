"""Finite classes of texts and addresses: what globs and networks can distinguish.

Some globs divide all texts into finitely many classes: two texts are in one class if the same globs match them. For
example, `"eth*"` and `"*0"` have four classes, but `"eth0"` and `"virbr*"` only three, because no text matches both. To
find the classes, each glob becomes an automaton, and all automata read the same text together (the product automaton).

Networks divide the addresses into parts. A part begins at the first address of a network, or at the first address after
a network. All addresses of a part are in the same networks, so it is enough to test one address of each part.

An axiom states which combinations of globs, and of networks, exist. With this axiom, the translation of `like` and `in
cidr` is exact.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from evaluator.facts.address import Address, Cidr, address_of, parse_cidr

Combination = tuple[bool, ...]
_MOST_STATES = 4000
_TOKEN = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)
_OTHER = "\N{SNOWMAN}"
_SPECIAL = (  # networks at whose borders a state of an address changes
    *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4"),
    *("0.0.0.0/32", "255.255.255.255/32", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8"),
)
_BITS = {4: 32, 6: 128}


def matches(glob: str, text: str) -> bool:
    """Return whether a glob matches a text."""
    return _pattern(glob).match(text) is not None


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(glob))


@lru_cache(maxsize=256)
def glob_combinations(globs: tuple[str, ...]) -> frozenset[Combination] | None:
    """Return the possible combinations: which globs match a text, and which globs do not match it.

    For example, `"eth0"` and `"virbr*"` have three: (True, False), (False, True) and (False, False), because no text
    matches both globs. Return None if the search has too many states.
    """
    witnesses = glob_witnesses(globs, _characters(globs))
    return None if witnesses is None else frozenset(witnesses)


def glob_witnesses(globs: Sequence[str], characters: Sequence[str]) -> Mapping[Combination, str] | None:
    """Return a text for each possible combination of matching globs.

    For example, the text of the combination (True, False) matches the first glob, but not the second glob. Each text
    consists of `characters`, and no shorter text has the same combination. The method is a breadth-first search in the
    product of the automata of the globs. Return None if the product has too many states.
    """
    tokens = [_TOKEN.findall(glob) for glob in globs]
    start = tuple(_closed(own, {0}) for own in tokens)
    seen, pending = {start: ""}, [start]
    for states in pending:  # the list grows during the loop
        for character in characters:
            after = tuple(_step(own, state, character) for own, state in zip(tokens, states, strict=True))
            if after not in seen:
                seen[after] = seen[states] + character
                pending.append(after)
        if len(seen) > _MOST_STATES:
            return None
    witnesses: dict[Combination, str] = {}
    for states, text in seen.items():  # shorter texts first
        combination = tuple(len(own) in state for own, state in zip(tokens, states, strict=True))
        witnesses.setdefault(combination, text)
    return witnesses


def _characters(globs: Iterable[str]) -> list[str]:
    """Return one or more characters of each class. The globs cannot distinguish two characters of the same class.

    The result has the characters in the globs, the neighbours of these characters, and `_OTHER` for all other
    characters.
    """
    codes = {ord(character) + offset for character in "".join(globs) for offset in (-1, 0, 1)}
    return sorted({chr(code) for code in codes if code >= 0} | {_OTHER})


def _closed(tokens: Sequence[str], state: set[int]) -> frozenset[int]:
    """Return the positions in a glob that can be reached without reading one more character."""
    closed, pending = set(state), list(state)
    while pending:
        at = pending.pop()
        if at < len(tokens) and tokens[at] == "*" and at + 1 not in closed:
            closed.add(at + 1)
            pending.append(at + 1)
    return frozenset(closed)


def _step(tokens: Sequence[str], state: frozenset[int], character: str) -> frozenset[int]:
    reached = {
        at if tokens[at] == "*" else at + 1 for at in state if at < len(tokens) and _takes(tokens[at], character)
    }
    return _closed(tokens, reached)


def _takes(part: str, character: str) -> bool:
    return part == "*" or matches(part, character)


def sample_addresses(networks: Iterable[Cidr]) -> tuple[Address, ...]:
    """Return one address of each part. Networks and states such as `private` divide the addresses into parts."""
    samples = {address_of(4, 0), address_of(6, 0)}
    for network in (*map(parse_cidr, _SPECIAL), *networks):
        bits = _BITS[network.first.version]
        after = network.first.number + (1 << (bits - network.prefix))
        samples.add(network.first)
        if after < 1 << bits:
            samples.add(address_of(network.first.version, after))
    return tuple(sorted(samples))
