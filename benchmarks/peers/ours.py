"""activenic as a contender; this is the only module of the comparison that calls it."""

from __future__ import annotations

from types import GenericAlias

import msgspec

import evaluator
from benchmarks.peers.contest import EXPLANATION, FINDINGS, NAME, TRACE, Answer, Contender, Question
from evaluator import Decision, HostAddresses

PACKAGES = ("msgspec", "orjson")
RENDERED = "activenic, trace rendered"
FLOOR = "needed fields decoded, nothing decided"


def contenders() -> tuple[Contender, ...]:
    """Return activenic, once for each row; each row includes the results of the rows before it."""
    policy = evaluator.load_policy("strict")

    def decided(question: Question) -> Decision:
        return policy.decide(evaluator.read_report(question.data), HostAddresses.of(*question.host))

    def name(question: Question) -> Answer:
        decision = decided(question)
        return str(decision.status), decision.host_active_nic

    def trace(question: Question) -> Answer:
        """Every decision stores the trace of its deciding rules; an engine reads the codes from it."""
        decision = decided(question)
        _ = decision.refusals
        return str(decision.status), decision.host_active_nic

    def findings(question: Question) -> Answer:
        decision = decided(question)
        _ = decision.trace, decision.findings
        return str(decision.status), decision.host_active_nic

    def explanation(question: Question) -> Answer:
        decision = decided(question)
        decision.explain().to_dict()
        return str(decision.status), decision.host_active_nic

    rows = {NAME: name, TRACE: trace, FINDINGS: findings, EXPLANATION: explanation}
    return tuple(Contender("activenic", PACKAGES, decide, row) for row, decide in rows.items())


def rendered() -> Contender:
    """Return activenic with only the trace as JSON, which is equal to the trace rules of the other engines."""
    policy = evaluator.load_policy("strict")

    def decide(question: Question) -> Answer:
        decision = policy.decide(evaluator.read_report(question.data), HostAddresses.of(*question.host))
        _ = msgspec.json.encode(decision.trace)
        return str(decision.status), decision.host_active_nic

    return Contender(RENDERED, PACKAGES, decide, EXPLANATION, ("why not, per clause", "places", "findings"))


def floor() -> Contender:
    """Return a contender that decodes the needed members and does not decide: a lower limit for Python."""
    decoder = lenient()

    def decode(question: Question) -> Answer:
        decoder.decode(question.data)
        return question.expected

    return Contender(FLOOR, ("msgspec",), decode)


def lenient() -> msgspec.json.Decoder[object]:
    """Return a decoder for the members that a decision reads."""
    structs = {
        name: msgspec.defstruct(name, _FIELDS, gc=False) for name in ("nic", "vlan", "bond", "bridge", "network")
    }
    maps = [(key, GenericAlias(dict, (str, structs[name])), msgspec.UNSET) for key, name in _MAPS.items()]
    return msgspec.json.Decoder(msgspec.defstruct("reply", [*maps, ("lastClientIface", str, "")]))


_MAPS = {"nics": "nic", "vlans": "vlan", "bondings": "bond", "bridges": "bridge", "networks": "network"}
_FIELDS: list[tuple[str, object, object]] = [
    *((name, str, "") for name in ("addr", "iface", "interface")),
    *((name, list[str], []) for name in ("ipv4addrs", "ipv6addrs", "slaves", "ports")),
    ("vlanid", int, msgspec.UNSET),
]
