"""This evaluator as a contender: the one place to change when its calls do."""

from __future__ import annotations

import msgspec

import evaluator
from benchmarks.peers.contest import EXPLANATION, FINDINGS, NAME, TRACE, Answer, Contender, Question
from evaluator import Decision, HostAddresses
from evaluator.report import vdsm_swift

PACKAGES = ("msgspec", "orjson")
UNVALIDATED = "activenic, unvalidated"
RENDERED = "activenic, trace rendered"
FLOOR = "needed fields decoded, nothing decided"


def contenders() -> tuple[Contender, ...]:
    """Return us, once a row: each gives all that the rows before it give."""
    policy = evaluator.load_policy("strict")

    def decided(question: Question) -> Decision:
        return policy.decide(evaluator.read_report(question.data), HostAddresses.of(*question.host))

    def name(question: Question) -> Answer:
        decision = decided(question)
        return str(decision.status), decision.host_active_nic

    def trace(question: Question) -> Answer:
        """Every decision keeps the trace of its deciding rules; an engine reads the codes from it."""
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
    """Return us with the trace alone as JSON-ready data: what the engines' trace rules tell, and no more."""
    policy = evaluator.load_policy("strict")

    def decide(question: Question) -> Answer:
        decision = policy.decide(evaluator.read_report(question.data), HostAddresses.of(*question.host))
        _ = [step.to_dict() for step in decision.trace]
        return str(decision.status), decision.host_active_nic

    return Contender(RENDERED, PACKAGES, decide, EXPLANATION, ("why not, per clause", "places", "findings"))


def unvalidated() -> Contender:
    """Return us with trace and with validation switched off, which no user can do: the engines do none.

    What the decision reads is decoded, the rest of an entry is passed over.
    """
    trace = next(contender for contender in contenders() if contender.row == TRACE)
    decoder, structs = lenient()
    kinds = {structs[name]: kind for name, kind in vdsm_swift._KINDS.values()}
    switched = {"_capabilities": lambda: decoder, "_kinds": lambda: kinds}

    def decide(question: Question) -> Answer:
        names = vars(vdsm_swift)
        kept = {name: names[name] for name in switched}
        names.update(switched)
        try:
            return trace.decide(question)
        finally:
            names.update(kept)

    return Contender(UNVALIDATED, PACKAGES, decide, TRACE, ("validation",))


def floor() -> Contender:
    """Return what decodes the needed fields and decides nothing: no decision in Python can take less."""
    decoder, _ = lenient()

    def decode(question: Question) -> Answer:
        decoder.decode(question.data)
        return question.expected

    return Contender(FLOOR, ("msgspec",), decode)


def lenient() -> tuple[msgspec.json.Decoder[object], dict[str, type]]:
    """Return what decodes the fields that a decision reads, and the types of interfaces and networks."""
    structs = {
        name: msgspec.defstruct(name, _FIELDS, gc=False) for name in ("nic", "vlan", "bond", "bridge", "network")
    }
    maps = [(key, dict[str, structs[name]], msgspec.UNSET) for key, name in _MAPS.items()]  # type: ignore[valid-type]
    return msgspec.json.Decoder(msgspec.defstruct("reply", [*maps, ("lastClientIface", str, "")])), structs


_MAPS = {"nics": "nic", "vlans": "vlan", "bondings": "bond", "bridges": "bridge", "networks": "network"}
_FIELDS: list[tuple[str, object, object]] = [
    *((name, str, "") for name in ("addr", "iface", "interface")),
    *((name, list[str], []) for name in ("ipv4addrs", "ipv6addrs", "slaves", "ports")),
    ("vlanid", int, msgspec.UNSET),
]
