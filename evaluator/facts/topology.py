"""The upper and lower devices of one host as a directed graph, and its transitive closure.

A bond is above its members, a bridge above its ports, a VLAN above its lower device. A VRF is not above its members,
because a VRF is a routing domain and not a layer. A report can contain cycles. Interfaces in one cycle (one strongly
connected component) are not above each other. They are above each interface outside the cycle that can be reached from
the cycle.

Only interfaces with an upper or lower device are nodes, so that 200 000 unrelated network cards cost nothing here.

The closure has a bit set for each node, stored as one `int`. Bit n is set if the node reaches the node with number n.
The closure is built in one pass over the strongly connected components in topological order, lower devices first. The
set of a component contains its lower devices, and all nodes in the sets of these lower devices. It does not contain the
nodes of the component itself.
Usually the graph has no cycle, and Kahn's algorithm gives the order. If the graph has a cycle, Kosaraju's algorithm
finds the components and the order.

An `int` is as long as its highest bit. So bits are numbered separately for each stack, in topological order. A stack is
a weakly connected component: a group of nodes that are connected, directly or over other nodes. The set of a VLAN on a
network card is then one bit long, even if the host has thousands of other interfaces.

Each node has a set of the nodes below and a set of the nodes above. For a stack of n nodes, all sets together need up
to n² bits. A deep stack of interfaces really reaches this size, because each interface is above all lower interfaces of
the stack. `octets` computes an upper bound of the size from the order alone, before the closure is built. The step
budget counts this size. A policy that needs more than the budget is refused. Explanations and findings are not part of
the budget. They build the closure only if its size is at most `_MAX_OCTETS`. Otherwise each of their queries walks the
graph, in linear time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from evaluator.base.cached_property import cached_property
from evaluator.facts.lists import Lists

_Edges = tuple[tuple[int, ...], ...]
_MAX_OCTETS = 32 * 1024 * 1024  # the largest closure that a query builds without the step budget


class Topology:
    """The direct and transitive upper and lower devices of each interface, by name.

    `names` are the nodes of the graph, sorted. An interface of the report is a node if it has an upper or lower device
    that the report describes too.
    """

    def __init__(self, described: Container[str], lowers: Mapping[str, Iterable[str]]) -> None:
        """Build the graph from the direct lower devices of interfaces. Use only the names in `described`."""
        edges = {name: {lower for lower in below if lower in described} for name, below in lowers.items()}
        self.names = tuple(sorted({name for name, below in edges.items() if below}.union(*edges.values())))
        self._index = {name: i for i, name in enumerate(self.names)}
        index = self._index
        self._lowers: _Edges = tuple([_nodes_of(edges.get(name, ()), index) for name in self.names])
        uppers: list[list[int]] = [[] for _ in self.names]
        for upper, below in enumerate(self._lowers):
            for lower in below:
                uppers[lower].append(upper)
        self._uppers: _Edges = tuple(map(tuple, uppers))

    @cached_property
    def _components(self) -> list[list[int]]:
        return _components(self._lowers, self._uppers)

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """The cycles, sorted: groups of interfaces on top of each other, or an interface on top of itself."""
        cycles = (nodes for nodes in self._components if len(nodes) > 1 or nodes[0] in self._lowers[nodes[0]])
        return tuple(sorted(tuple(sorted(self.names[i] for i in nodes)) for nodes in cycles))

    @cached_property
    def _stacks(self) -> list[int]:
        return _stacks(self._lowers, self._uppers)

    @cached_property
    def _below(self) -> _Closure:
        return _Closure(self._components, self._lowers, self._stacks)

    @cached_property
    def _above(self) -> _Closure:
        return _Closure(self._components[::-1], self._uppers, self._stacks)

    @cached_property
    def octets(self) -> int:
        """The size of the closure in octets, computed without building it."""
        upwards = _bits_needed(self._components, self._lowers, self._stacks)
        downwards = _bits_needed(self._components[::-1], self._uppers, self._stacks)
        return (upwards + downwards) // 8

    @cached_property
    def pairs(self) -> int:
        """The number of pairs (upper, lower) with `upper` transitively above `lower`."""
        return sum(mask.bit_count() for mask in self._below.masks)

    @cached_property
    def edges(self) -> int:
        """The number of pairs (upper, lower) with `upper` directly above `lower`."""
        return sum(map(len, self._lowers))

    @cached_property
    def neighbours(self) -> Lists:
        """The sizes of the lists of direct upper devices and of direct lower devices."""
        return Lists.of(len(neighbours) for edges in (self._lowers, self._uppers) for neighbours in edges)

    @cached_property
    def most_above(self) -> int:
        """The greatest number of interfaces that are transitively above one interface."""
        return max((mask.bit_count() for mask in self._above.masks), default=0)

    @cached_property
    def largest_stack(self) -> int:
        """The greatest size of a list of interfaces related to one interface, plus one for the interface itself.

        Each interface has four such lists: transitively above, transitively below, directly above, directly below.
        """
        degrees = (len(neighbours) for edges in (self._lowers, self._uppers) for neighbours in edges)
        most_below = max((mask.bit_count() for mask in self._below.masks), default=0)
        return 1 + max(self.most_above, most_below, *degrees, 0)

    def lowers(self, name: str) -> tuple[str, ...]:
        """Return the direct lower devices that the report describes, sorted."""
        return self._named(self._lowers[self._index[name]]) if name in self._index else ()

    def uppers(self, name: str) -> tuple[str, ...]:
        """Return the direct upper devices that the report describes, sorted."""
        return self._named(self._uppers[self._index[name]]) if name in self._index else ()

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether one interface is transitively above another; False for two interfaces in one cycle."""
        start, target = self._index.get(upper), self._index.get(lower)
        if start is None or target is None or self._stacks[start] != self._stacks[target]:
            return False
        if self.octets > _MAX_OCTETS and "_below" not in vars(self):
            return target in self._reached_by_walk(start, self._lowers, self._uppers)
        return bool(self._below.masks[start] >> self._below.bits[target] & 1)

    def above(self, name: str) -> tuple[str, ...]:
        """Return the interfaces transitively above an interface, sorted."""
        return self._reached(name, "_above", self._uppers, self._lowers)

    def below(self, name: str) -> tuple[str, ...]:
        """Return the interfaces transitively below an interface, sorted."""
        return self._reached(name, "_below", self._lowers, self._uppers)

    def build(self) -> None:
        """Build the closure in both directions, even if it is large."""
        _ = self._below, self._above

    def _reached(self, name: str, closure: str, edges: _Edges, back: _Edges) -> tuple[str, ...]:
        """Return the names of all nodes that a node reaches, from the closure or by a walk, sorted."""
        node = self._index.get(name)
        if node is None:
            return ()
        if self.octets > _MAX_OCTETS and closure not in vars(self):
            return self._named(self._reached_by_walk(node, edges, back))
        built: _Closure = getattr(self, closure)
        return self._named(built.reached(node, self._stacks[node]))

    def _reached_by_walk(self, node: int, edges: _Edges, back: _Edges) -> set[int]:
        """Return the nodes that a node reaches, without the nodes that are in a cycle with this node."""
        return _walk(node, edges) - _walk(node, back) - {node}

    def _named(self, nodes: Iterable[int]) -> tuple[str, ...]:
        return tuple([self.names[i] for i in sorted(nodes)])


class _Closure:
    """The transitive closure in one direction: for each node, the set of the nodes that it reaches.

    A set is an integer with one bit for each node. `bits` has the number of each node's bit. `nodes` has a list for
    each stack: the nodes of the stack, in the order of their bits. Each stack numbers its bits from 0, so the integers
    are short.

    The set of a node contains no node of the same cycle (strongly connected component). `components` must be in
    topological order: each component comes after all components that it reaches.
    """

    def __init__(self, components: Iterable[list[int]], edges: _Edges, stacks: Sequence[int]) -> None:
        self.masks = [0] * len(edges)
        self.bits = [0] * len(edges)
        self.nodes: dict[int, list[int]] = {}
        cycle_masks: dict[int, int] = {}  # for each node in a cycle the bits of all nodes in the cycle
        for component in components:
            nodes = self.nodes.setdefault(stacks[component[0]], [])
            for node in component:
                self.bits[node] = len(nodes)
                nodes.append(node)
            own_mask = sum(1 << self.bits[node] for node in component)
            reached = 0
            for neighbour in {neighbour for node in component for neighbour in edges[node]}:
                reached |= self.masks[neighbour] | cycle_masks.get(neighbour, 1 << self.bits[neighbour])
            reached &= ~own_mask
            for node in component:
                self.masks[node] = reached
                if len(component) > 1:
                    cycle_masks[node] = own_mask

    def reached(self, node: int, stack: int) -> Iterator[int]:
        """Yield the nodes that a node reaches. `stack` is the number of the node's stack (`_stacks`)."""
        nodes = self.nodes[stack]
        return (nodes[bit] for bit in _set_bits(self.masks[node]))


def _bits_needed(components: Iterable[list[int]], edges: _Edges, stacks: Sequence[int]) -> int:
    """Return the number of bits that all sets of the closure need together.

    The nodes of a component have the same set, so the set is stored only once. A set is an `int`. If the highest bit
    number in a set is n, the set needs n + 1 bits.
    """
    sizes: dict[int, int] = {}
    bits = [0] * len(edges)  # the number of bits that are needed to store the component of each node
    total = 0
    for component in components:
        stack = stacks[component[0]]
        size = sizes[stack] = sizes.get(stack, 0) + len(component)
        for node in component:
            bits[node] = size
        total += max((bits[neighbour] for node in component for neighbour in edges[node]), default=0)
    return total


def _stacks(lowers: _Edges, uppers: _Edges) -> list[int]:
    """Return for each node the number of its stack.

    A stack is a group of nodes that are connected directly or through other nodes. A stack has the same number as its
    first node.
    """
    stacks = [-1] * len(lowers)
    for first in range(len(lowers)):
        if stacks[first] < 0:
            stacks[first] = first
            pending = [first]
            while pending:
                node = pending.pop()
                for neighbour in (*lowers[node], *uppers[node]):
                    if stacks[neighbour] < 0:
                        stacks[neighbour] = first
                        pending.append(neighbour)
    return stacks


def _walk(start: int, edges: _Edges) -> set[int]:
    """Return the nodes that a walk along the edges reaches. If `start` is in a cycle, the result contains `start`."""
    reached: set[int] = set()
    pending = [start]
    while pending:
        for neighbour in edges[pending.pop()]:
            if neighbour not in reached:
                reached.add(neighbour)
                pending.append(neighbour)
    return reached


def _nodes_of(names: Iterable[str], index: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted({index[name] for name in names if name in index}))


def _set_bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, in ascending order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _components(lowers: _Edges, uppers: _Edges) -> list[list[int]]:
    """Return the strongly connected components, each after all components that it reaches (topological order)."""
    order = _topological_order(lowers, uppers)
    return [[node] for node in order] if len(order) == len(lowers) else _components_with_cycles(lowers, uppers)


def _topological_order(lowers: _Edges, uppers: _Edges) -> list[int]:
    """Return the nodes in topological order, lower devices first (Kahn's algorithm).

    Nodes that are in a cycle or above a cycle are left out.
    """
    remaining = list(map(len, lowers))
    order = [node for node, below in enumerate(lowers) if not below]
    for node in order:  # the list grows during the loop
        for upper in uppers[node]:
            remaining[upper] -= 1
            if not remaining[upper]:
                order.append(upper)
    return order


def _components_with_cycles(lowers: _Edges, uppers: _Edges) -> list[list[int]]:
    """Return the strongly connected components of any graph in topological order (Kosaraju's algorithm)."""
    components = []
    is_assigned = [False] * len(lowers)
    for root in reversed(_finishing_order(lowers)):
        if is_assigned[root]:
            continue
        component, pending = [], [root]
        is_assigned[root] = True
        while pending:
            node = pending.pop()
            component.append(node)
            for upper in uppers[node]:
                if not is_assigned[upper]:
                    is_assigned[upper] = True
                    pending.append(upper)
        components.append(component)
    components.reverse()
    return components


def _finishing_order(edges: _Edges) -> list[int]:
    """Return the nodes in the order in which a depth-first search finishes them.

    The search uses a list instead of recursion, because a chain of interfaces can be longer than the recursion limit.
    """
    finished: list[int] = []
    seen = [False] * len(edges)
    for root in range(len(edges)):
        if seen[root]:
            continue
        seen[root] = True
        path = [(root, iter(edges[root]))]
        while path:
            node, rest = path[-1]
            child = next((lower for lower in rest if not seen[lower]), None)
            if child is None:
                path.pop()
                finished.append(node)
            else:
                seen[child] = True
                path.append((child, iter(edges[child])))
    return finished
