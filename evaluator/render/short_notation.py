"""Writes a small host in the short notation of policy tests, if the notation can state the host exactly.

The notation states fewer facts than a report. If the text does not state a fact, the parser uses a default: for
example, an interface without `dhcp` does not use DHCP. So the text can describe a different host. Therefore the text is
parsed and decided. The text is exact if two conditions are true:

- The decision for the text is the decision for the host, with the same findings and the same trace.
- A rule reads the same values from the text as from the host, for every interface and address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.facts.link import Kind
from evaluator.policy.language.checked import InState, Read, RouteTo
from evaluator.policy.language.environment import Environment
from evaluator.policy.language.program import Program
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import words_of
from evaluator.policy.run.required_facts import nodes_of
from evaluator.policy.run.wording import show
from evaluator.render.small_host import KIND_WORDS, relation
from evaluator.report.read import read_report
from evaluator.testing.terse_topology import kind_by_name, read_topology
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface
from evaluator.verify.lazy_host import GATEWAY
from evaluator.verify.search import decide_host, inputs
from evaluator.verify.state_host import host_addresses

ValueOf = Callable[[Environment, Any], object]


def short_notation(host: AbstractHost, *policies: Policy) -> str | None:
    """Return the host in the short notation; None if the notation cannot state the facts that the policies read."""
    for statements in (_few_statements(host), _all_statements(host)):
        text = "; ".join(statements)
        if text and all(_is_exact(text, host, policy) for policy in policies):  # the notation needs an interface
            return text
    return None


def _is_exact(text: str, host: AbstractHost, policy: Policy) -> bool:
    """Return whether a policy reads the same values from the text as from the report of the host."""
    expected = decide_host(policy, host)
    report = read_report(read_topology(text))
    decision = policy.decide(report, host_addresses(host), parameters=inputs(host.parameters))
    return decision == expected and _read_values(decision) == _read_values(expected)


def _few_statements(host: AbstractHost) -> Iterator[str]:
    """Yield the statements about a host.

    A statement that contains only the name of an interface is left out if another statement contains this name.
    """
    lowers = {index for interface in host.interfaces for index in interface.lowers}
    for index, interface in enumerate(host.interfaces):
        statement = _statement(host, interface)
        if index not in lowers or statement != interface.name:
            yield statement
    yield from _last_client(host)


def _all_statements(host: AbstractHost) -> Iterator[str]:
    """Yield a statement for each interface, in the order of the report."""
    yield from (_statement(host, interface) for interface in host.interfaces)
    yield from _last_client(host)


def _last_client(host: AbstractHost) -> Iterator[str]:
    if host.last_client_iface is not None:
        yield f"last client {host.last_client_iface}"


def _statement(host: AbstractHost, interface: AbstractInterface) -> str:
    kind = KIND_WORDS[interface.kind]
    is_implied = interface.kind is Kind.VLAN or kind_by_name(interface.name) == kind
    words = () if is_implied else (kind,)
    return " ".join((*words, interface.name, *relation(host, interface), *_facts(host, interface)))


def _facts(host: AbstractHost, interface: AbstractInterface) -> Iterator[str]:
    pairs = zip(interface.owns, interface.prefixes, strict=True)
    owned = sorted(pairs, key=lambda pair: pair[0] not in interface.primary)
    if owned:
        yield f"has {', '.join(f'{host.addresses[index]}/{prefix}' for index, prefix in owned)}"
    if interface.networks:
        yield f"carries {', '.join(interface.networks)}"
    if interface.kind is Kind.VLAN and interface.vlan_id is not None:
        yield f"vlan {interface.vlan_id}"
    if interface.facts.get("gateway"):
        yield f"gateway {GATEWAY}"
    if "bond_mode" in interface.facts:
        yield f"mode {interface.facts['bond_mode']}"
    if interface.facts.get("dhcp") and not interface.facts.get("dhcpv6"):
        yield "dhcp"


def _read_values(decision: Decision) -> list[tuple[str, ...]]:
    """Return the value of each word that a rule reads, for each interface, each address and the report."""
    case = case_of(decision)
    environment = Environment(case.question(), ())
    links = case.report.facts.links
    owners: Mapping[Base | None, Sequence[tuple[str, object]]] = {
        Base.NIC: [(link.name, link) for link in links],
        Base.OWNED: [(f"{link.name} {one}", one) for link in links for one in sorted(link.addresses, key=str)],
        Base.REPORT: [("report", case.report.facts)],
    }
    return [
        (word, name, show(value_of(environment, owner)))
        for word, (base, value_of) in sorted(_words(case.program).items())
        for name, owner in owners.get(base, ())
    ]


def _words(program: Program) -> Mapping[str, tuple[Base | None, ValueOf]]:
    """Return the words and states that the rules read, such as `nic.mtu` and `nic is bond`.

    For each of them, return the type of its owner, such as `nic`, and the function that returns its value. `route_to`
    counts as `nic.routes`.
    """
    nodes = [node for rule in program.rules for node in nodes_of(rule)]
    words = [node.word for node in nodes if isinstance(node, Read)]
    states = [node.state for node in nodes if isinstance(node, InState)]
    if any(isinstance(node, RouteTo) for node in nodes):
        words.append(words_of(Base.NIC)["routes"])
    return {
        **{word.shown: (word.owner, word.get) for word in words},
        **{state.shown: (state.owner, state.holds) for state in states},
    }
