"""Evaluates the solver's questions for one concrete host: every symbol gets its value from the facts of the host.

With it each law and each translation is compared with the real thing. It shares nothing with the translator but the
names of the symbols.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from evaluator.facts.address import Address, Cidr, network_of, parse_address, parse_cidr
from evaluator.facts.link import Kind, Link
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import state_named, states_of, words_of

Tree = Any  # a text, or a list of trees
_TOKEN = re.compile(r"\|[^|]*\||[()]|[^\s()|]+")


def trees(script: str) -> list[Tree]:
    """Parse an SMT-LIB text."""
    stack: list[list[Tree]] = [[]]
    for token in _TOKEN.findall(script):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    return stack[0]


def asserted(script: str) -> list[Tree]:
    """Return the formulas that a script asserts."""
    return [tree[1] for tree in trees(script) if tree[0] == "assert"]


def _decoded(name: str) -> str:
    return re.sub(r"%([0-9a-f]+)%", lambda code: chr(int(code[1], 16)), name[1:-1])


class Structure:
    """The values of all symbols for one question about a host."""

    def __init__(self, question: Question, script: str, extra: Mapping[str, Any] | None = None) -> None:
        self.question = question
        self.facts, self.host = question.facts, question.host
        self.environment = Environment(question, ())
        self.values: dict[str, Any] = dict(extra or {})
        self.definitions: dict[str, tuple[list[str], Tree]] = {}
        self.memo: dict[Any, Any] = {}
        self.domains = self._domains(script)

    def _domains(self, script: str) -> dict[str, list[Any]]:
        tokens = set(_TOKEN.findall(script))
        literals = [_decoded(token) for token in tokens if token.startswith("|")]
        values = self.question.parameters.values()
        given = [item for value in values for item in (value if isinstance(value, tuple) else [value])]
        links = list(self.facts.links)
        texts = {text[5:] for text in literals if text.startswith("text:")} | {v for v in given if isinstance(v, str)}
        addresses = {parse_address(text[8:]) for text in literals if text.startswith("address:")}
        networks = {parse_cidr(text[8:]) for text in literals if text.startswith("network:")}
        addresses |= {v for v in given if isinstance(v, Address)} | set(self.host.answers)
        networks |= {v for v in given if isinstance(v, Cidr)}
        texts |= {self.host.name, *self.facts.networks, *map(str, Kind)}
        integers = {int(token) for token in tokens if token.isdecimal()} | {v for v in given if isinstance(v, int)}
        for link in links:
            texts |= {link.name, *link.networks, *link.missing, *link.conflicts, *link.altnames}
            texts |= {link.mac or "", link.alias or "", *(owned.label or "" for owned in link.addresses)}
            addresses |= {*link.address_set, *link.gateways}
            networks |= {*link.subnets, *link.routes, *(owned.network for owned in link.addresses)}
            integers |= {link.position, *(owned.length for owned in link.addresses)}
            integers |= {v for v in (link.vlan_id, link.bond_mode, link.mtu, link.speed) if v is not None}
        texts.add(self.facts.last_client_iface or "")
        owned = [address for link in links for address in link.addresses]
        integers |= {-v for v in integers}
        return {
            "Nic": links or [None],
            "Address": sorted(addresses) or [Address(4, bytes(4))],
            "Owned": owned or [None],
            "Text": sorted(texts),
            "Network": sorted(networks) or [parse_cidr("0.0.0.0/0")],
            "Int": sorted(integers),
            "Bool": [False, True],
        }

    # -- formulas

    def define(self, formulas: Iterable[Tree]) -> list[Tree]:
        """Take the definitions of new symbols out of formulas, and return the other formulas."""
        others = []
        for tree in formulas:
            if not self._is_definition(tree):
                others.append(tree)
        return others

    def _is_definition(self, tree: Tree) -> bool:
        variables, body = ([], tree) if tree[0] != "forall" else ([name for name, _ in tree[1]], tree[2])
        if not isinstance(body, list) or body[0] != "=":
            return False
        head = body[1] if isinstance(body[1], list) else [body[1]]
        name = head[0]
        if head[1:] != variables or not re.search(r"\.\d+$", str(name)) or name in self.definitions:
            return False
        self.definitions[name] = (variables, body[2])
        return True

    def holds(self, tree: Tree, scope: Mapping[str, Any] | None = None) -> Any:  # noqa: C901 -- one case a connective
        """Return the value of a formula or term."""
        scope = scope or {}
        if isinstance(tree, str):
            return self._constant(tree, scope)
        head, *rest = tree
        match head:
            case "and":
                return all(self.holds(part, scope) for part in rest)
            case "or":
                return any(self.holds(part, scope) for part in rest)
            case "not":
                return not self.holds(rest[0], scope)
            case "=>":
                return not self.holds(rest[0], scope) or self.holds(rest[1], scope)
            case "xor" | "distinct":
                values = [self.holds(part, scope) for part in rest]
                return all(a is not b and a != b for i, a in enumerate(values) for b in values[:i])
            case "=":
                left, right = (self.holds(part, scope) for part in rest)
                return left is right or left == right
            case "exists":
                return any(self.holds(rest[1], inner) for inner in self._bound(rest[0], scope))
            case "forall":
                return all(self.holds(rest[1], inner) for inner in self._bound(rest[0], scope))
            case "<" | "<=" | ">" | ">=":
                left, right = (self.holds(part, scope) for part in rest)
                return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[head]
            case "-":
                return -self.holds(rest[0], scope)
        return self._applied(head, [self.holds(part, scope) for part in rest])

    def _bound(self, variables: list[list[str]], scope: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        for values in product(*(self.domains[sort] for _, sort in variables)):
            yield {**scope, **dict(zip((name for name, _ in variables), values, strict=True))}

    def _constant(self, name: str, scope: Mapping[str, Any]) -> Any:
        if name in scope:
            return scope[name]
        if name in ("true", "false"):
            return name == "true"
        if name.isdecimal():
            return int(name)
        if name.startswith("|"):
            sort, _, text = _decoded(name).partition(":")
            return {"text": str, "address": parse_address, "network": parse_cidr}[sort](text)
        return self._applied(name, [])

    def _applied(self, name: str, arguments: list[Any]) -> Any:
        if name in self.values:
            return self.values[name]
        if name in self.definitions:
            key = (name, *map(id, arguments))
            if key not in self.memo:
                variables, body = self.definitions[name]
                self.memo[key] = self.holds(body, dict(zip(variables, arguments, strict=True)))
            return self.memo[key]
        return self._fact(name, arguments)

    # -- facts

    def _fact(self, name: str, arguments: list[Any]) -> Any:
        if name.startswith(("parameter.", "parameters.")):
            value = self.question.parameters[name.split(".", 2)[2]]
            return arguments[0] in value if arguments else value
        if name.startswith("given."):
            return self.question.parameters[name.removeprefix("given.")] is not None
        if name in _FACTS:
            return _FACTS[name](self, *arguments)
        known = name.removesuffix(".known")
        value = self._word(known, arguments)
        if name != known:
            return value is not None
        return next(iter(self.domains[_SORT.get(known, "Text")])) if value is None else value

    def _word(self, name: str, arguments: list[Any]) -> Any:
        if name.startswith("is_"):
            return self._state(name.removeprefix("is_"), arguments)
        if not arguments:
            return {"host_name": self.host.name, "last_client_iface": self.facts.last_client_iface}[name]
        base = Base.NIC if isinstance(arguments[0], Link) else Base.OWNED
        value = words_of(base)[name].get(self.environment, arguments[0]) if arguments[0] is not None else ()
        return arguments[1] in value if len(arguments) > 1 else value

    def _state(self, name: str, arguments: list[Any]) -> bool:
        if not arguments:
            return states_of(Base.HOST)[name].holds(self.environment, self.host)
        if arguments[0] is None:
            return False
        base = Base.NIC if isinstance(arguments[0], Link) else Base.OWNED
        return state_named(base, name).holds(self.environment, arguments[0])

    def reaches(self, upper: Link, lower: Link) -> bool:
        """Return whether a walk over lower devices from one interface ends at the other."""
        pending, seen = list(self.facts.topology.lowers(upper.name)), set()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += self.facts.topology.lowers(name)
        return lower.name in seen


def _nic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a fact that is false for the interface that stands for none in an empty report."""

    def fact(structure: Structure, *arguments: Any) -> Any:
        return False if any(argument is None for argument in arguments) else function(structure, *arguments)

    return fact


def _address_state(name: str) -> Callable[..., Any]:
    return lambda s, a: state_named(Base.ADDRESS, name).holds(s.environment, a)


_SORT = {"vlan_id": "Int", "bond_mode": "Int", "mtu": "Int", "speed": "Int"}
_FACTS: dict[str, Callable[..., Any]] = {
    "above": _nic(lambda s, n, m: s.facts.topology.is_above(n.name, m.name)),
    "reaches": _nic(lambda s, n, m: s.reaches(n, m)),
    "lower": _nic(lambda s, n, m: m.name in s.facts.topology.lowers(n.name)),
    "slave": _nic(lambda s, n, m: m.name in n.lowers.slaves),
    "port": _nic(lambda s, n, m: m.name in n.lowers.ports),
    "base": lambda s, n: words_of(Base.NIC)["base"].get(s.environment, n) or n,
    "base.known": _nic(lambda s, n: words_of(Base.NIC)["base"].get(s.environment, n) is not None),
    "owns": _nic(lambda s, n, a: a in n.address_set),
    "matched": _nic(lambda s, n, a: a in n.address_set and a in s.host.usable),
    "owner": _nic(lambda s, n: bool(n.address_set & s.host.usable_set)),
    "has": _nic(lambda s, n, v: any(v is owned for owned in n.addresses)),
    "address": lambda s, v: s.domains["Address"][0] if v is None else v.address,
    "answer": lambda s, a: a in s.host.answers,
    "usable": lambda s, a: a in s.host.usable,
    "first_address": lambda s: s.host.first or s.domains["Address"][0],
    "first_address.known": lambda s: s.host.first is not None,
    "name": lambda s, n: "" if n is None else n.name,
    "named": lambda s, t: s.facts.by_name.get(t, s.domains["Nic"][0]),
    "position": lambda s, n: -1 if n is None else n.position,
    "at_position": lambda s, i: next((n for n in s.facts.links if n.position == i), s.domains["Nic"][0]),
    "kind": lambda s, n: "physical" if n is None else str(n.kind),
    "carries": _nic(lambda s, n, t: t in n.networks),
    "on_host": lambda s, t: t in s.facts.networks,
    "up": _nic(lambda s, n: n.up is True),
    "down": _nic(lambda s, n: n.up is False),
    "subnet": _nic(lambda s, n, c: c in n.subnets),
    "route": _nic(lambda s, n, c: c in n.routes),
    "gateway": _nic(lambda s, n, a: a in n.gateways),
    "contains": lambda s, c, a: a in c,
    "best_route": _nic(lambda s, a, n: n in s.facts.route_to(a)),
    "network": lambda s, v: network_of(s.domains["Address"][0], 0) if v is None else v.network,
    "prefix": lambda s, v: 0 if v is None else v.length,
    **{name: _address_state(name) for name in ("ipv4", "ipv6", "link_local", "private", "global")},
    "like": lambda s, t, g: re.compile(fnmatch.translate(g)).match(t) is not None,
    "text_before": lambda s, t, u: t < u,
}
