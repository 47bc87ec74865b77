"""Enumerates all small stacks of network cards, bonds, VLANs and bridges. Stacks that differ only in names count once.

A topology is a sequence of devices, lower devices first. A bond is over free network cards, a VLAN over any device, and
a bridge over free devices that are not bridges. A device is free if it is in no bond and in no bridge. Bonds and
bridges can be empty. There are 3 topologies of one device, 12 of two, 50 of three, 233 of four and 1187 of five.

The algorithm is orderly generation: topologies get one more device at a time, and isomorphic topologies are rejected by
canonical labelling. Every topology of n devices is a topology of n-1 devices with one more device on top, because the
device that is listed last has no upper device. Two topologies are isomorphic if a renaming of the devices changes one
into the other. If several extensions are isomorphic, only the first is used.

Isomorphic topologies have the same canonical form. To compute it, the devices are numbered in several orders, and the
edges are listed with these numbers. The smallest list is the canonical form. To need few orders, the devices are first
divided into classes by colour refinement (Weisfeiler-Leman, dimension 1): devices in different classes have different
kinds or different neighbours, so no renaming exchanges them. The orders differ only within the classes. For up to six
devices the classes are small, so a library for graph isomorphism (nauty) would be a dependency without a benefit.

An automorphism is a renaming that does not change a topology. For example, a bond over two cards stays the same if the
two cards are exchanged. So it makes no difference which of the two cards has an address, and only one of the two cases
is enumerated: the least of the equivalent assignments of facts to devices (`is_least_of_orbit`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, combinations, permutations, product

from msgspec import Struct

from evaluator.facts.link import Kind

Permutation = tuple[int, ...]
_Colour = tuple[object, ...]


class Device(Struct, frozen=True):
    """A device of a topology: its kind, and the indices of its direct lower devices, ascending."""

    kind: Kind
    lowers: tuple[int, ...] = ()


Topology = tuple[Device, ...]


@cache
def topologies(size: int) -> tuple[Topology, ...]:
    """Return the topologies with this number of devices, those with few edges first."""
    if size == 0:
        return ((),)
    extended: dict[tuple[object, ...], Topology] = {}
    for smaller in topologies(size - 1):
        for device in _devices_on(smaller):
            topology = (*smaller, device)
            extended.setdefault(canonical_form(topology), topology)
    return tuple(sorted(extended.values(), key=_edges))


def _edges(topology: Topology) -> int:
    return sum(len(device.lowers) for device in topology)


def _devices_on(topology: Topology) -> Iterator[Device]:
    """Yield each device that may be added on top of the devices of a topology."""
    members = {lower for device in topology if device.kind in (Kind.BOND, Kind.BRIDGE) for lower in device.lowers}
    free = [index for index in range(len(topology)) if index not in members]
    yield Device(Kind.PHYSICAL)
    yield from (Device(Kind.VLAN, (index,)) for index in range(len(topology)))
    cards = [index for index in free if topology[index].kind is Kind.PHYSICAL]
    ports = [index for index in free if topology[index].kind is not Kind.BRIDGE]
    yield from (Device(Kind.BOND, slaves) for slaves in _subsets(cards))
    yield from (Device(Kind.BRIDGE, below) for below in _subsets(ports))


def _subsets(items: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))


def canonical_form(topology: Topology) -> tuple[object, ...]:
    """Return a value that is equal for two topologies if and only if a renaming maps one to the other."""
    classes = _classes(topology)
    kinds = tuple(str(topology[members[0]].kind) for members in classes for _ in members)
    orders = product(*(permutations(members) for members in classes))
    return kinds, min(_relabelled(topology, tuple(chain.from_iterable(order))) for order in orders)


def _relabelled(topology: Topology, order: Permutation) -> tuple[tuple[int, ...], ...]:
    """Return the lower devices of each device. The number of a device is the index of the device in `order`."""
    number = {device: at for at, device in enumerate(order)}
    return tuple(tuple(sorted(number[lower] for lower in topology[device].lowers)) for device in order)


def _classes(topology: Topology) -> tuple[tuple[int, ...], ...]:
    """Return the classes of the colour refinement, in an order that does not depend on the numbering."""
    uppers = uppers_of(topology)
    colours: list[_Colour] = [(str(device.kind),) for device in topology]
    for _ in topology:
        seen = [
            (colour, sorted(colours[at] for at in device.lowers), sorted(colours[at] for at in above))
            for colour, device, above in zip(colours, topology, uppers, strict=True)
        ]
        ranks = {repr(value): rank for rank, value in enumerate(sorted(seen, key=repr))}
        colours = [(str(device.kind), ranks[repr(value)]) for device, value in zip(topology, seen, strict=True)]
    members: dict[_Colour, list[int]] = {}
    for index, colour in enumerate(colours):
        members.setdefault(colour, []).append(index)
    return tuple(tuple(members[colour]) for colour in sorted(members, key=repr))


def uppers_of(topology: Topology) -> tuple[tuple[int, ...], ...]:
    """Return for each device its direct upper devices."""
    return tuple(
        tuple(upper for upper, device in enumerate(topology) if index in device.lowers)
        for index in range(len(topology))
    )


def automorphisms(topology: Topology) -> tuple[Permutation, ...]:
    """Return the renamings that leave a topology unchanged; the identity is the first.

    A renaming `p` maps device i to device p[i].
    """
    classes = _classes(topology)
    found = []
    for images in product(*(permutations(members) for members in classes)):
        pairs = zip(chain.from_iterable(classes), chain.from_iterable(images), strict=True)
        renaming = tuple(image for _, image in sorted(pairs))
        if all(
            tuple(sorted(renaming[lower] for lower in device.lowers)) == topology[renaming[index]].lowers
            for index, device in enumerate(topology)
        ):
            found.append(renaming)
    return tuple(found)


def is_least_of_orbit(values: tuple[int, ...], renamings: Sequence[Permutation]) -> bool:
    """Return whether no renaming changes an assignment of values to devices into a smaller assignment."""
    return all(values <= tuple([values[at] for at in renaming]) for renaming in renamings)
