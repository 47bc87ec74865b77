"""A decision in a few sentences: what and why for the host, and what became of one interface.

Each sentence states facts of this decision: who owns an address is read from the owners, how an
interface became or stayed a candidate from the rules that fired. No sentence assumes what a policy is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import FindingCode
from evaluator.base.status import Status
from evaluator.base.text import visible, visible_names
from evaluator.decision.decision import Decision
from evaluator.decision.trace import Reason
from evaluator.facts.link import Kind, Link
from evaluator.policy.language.verbs import VERBS, Effect

_MOST_NAMES = 12
_OF_ADDRESSES = frozenset({"nic.matched", "owners"})


class Fate(Struct, frozen=True):
    """What the rules did with one interface: its reasons, and the rule that removed it from the candidates."""

    reasons: tuple[Reason, ...]
    removed_by: Reason | None = None

    @property
    def matched_by(self) -> tuple[Reason, ...]:
        """The reasons of the rules that made it a candidate."""
        return tuple(reason for reason in _with(self.reasons, Effect.ADD) if reason.held)


def _with(reasons: Iterable[Reason], effect: Effect) -> Iterator[Reason]:
    return (reason for reason in reasons if VERBS[reason.verb].effect is effect)


def outcome(link: Link, fate: Fate, decision: Decision) -> str:
    """Return what became of one interface, in one sentence."""
    if link.name == decision.host_active_nic:
        by = [reason.rule for reason in _with(fate.reasons, Effect.REJECT) if reason.held]
        return f"the hostActiveNic, rejected by {', '.join(by)}" if by else "the hostActiveNic"
    if link.name in decision.candidates:
        is_alone = len(decision.candidates) == 1
        return "the only candidate, but the decision is ambiguous" if is_alone else "one of several candidates"
    if fate.removed_by is not None:
        return _removed(fate.removed_by)
    if link.kind is Kind.LOOPBACK:
        return "no rule matched it; addresses of a loopback link do not count"
    looked = any(map(_looks_at_addresses, _with(fate.reasons, Effect.ADD)))
    owns_none = looked and link.name not in decision.owners
    return "no rule matched it" + "; it owns no address of the host" * owns_none


def goal(name: str, decision: Decision) -> str:
    """Return the aim of a change, to follow "it would": a rejected interface is the hostActiveNic already."""
    return "not be rejected" if name == decision.host_active_nic else "be the hostActiveNic"


def _removed(reason: Reason) -> str:
    upper = next((value.value for value in reason.seen if value.word == "other"), "")
    because = f" because of {upper}" if upper else ""
    return f"{VERBS[reason.verb].removed} by {reason.rule}{because}"


def _looks_at_addresses(reason: Reason) -> bool:
    """Return whether the clause that decided looked at the host's addresses."""
    return any(value.word.startswith("host.") or value.word in _OF_ADDRESSES for value in reason.seen)


def summary(decision: Decision, links: Mapping[str, Link], fate_of: Callable[[str], Fate]) -> tuple[str, ...]:
    """Return what was decided, and why."""
    match decision.status:
        case Status.RESOLVED:
            return tuple(_resolved(decision, links, fate_of))
        case Status.REJECTED:
            return tuple(_rejected(decision))
        case Status.AMBIGUOUS:
            return tuple(_ambiguous(decision))
        case _:
            return tuple(_none_found(decision))


def _resolved(decision: Decision, links: Mapping[str, Link], fate_of: Callable[[str], Fate]) -> Iterator[str]:
    name = decision.candidates[0]
    yield f"{visible(name)} ({_kind_of(links[name])}) is the hostActiveNic"
    reasons, matched = fate_of(name).matched_by, _matched(decision)
    if matched and any(map(_looks_at_addresses, reasons)):
        first = f"it owns {matched}"
    else:
        first = f"{_rules(reasons)} matched it" + (f"; it owns {matched}" if matched else "")
    others = [owner for owner in decision.owners if owner != name]
    if others:
        yield f"because {first}; " + "; ".join(_other_owners(others, decision))
    elif matched:
        yield f"because {first}, and no other interface owns an address of the host"
    else:
        yield f"because {first}"


def _other_owners(names: Sequence[str], decision: Decision) -> Iterator[str]:
    """Yield what became of the other interfaces that own host addresses."""
    removed: dict[str, str] = {}
    for step in decision.trace:
        said = f"{VERBS[step.verb].removed} by {step.rule}"
        removed.update((name, said) for name in {*step.before} - {*step.after})
    by_fate: dict[str, list[str]] = {}
    for name in names:
        by_fate.setdefault(removed.get(name, "not matched by any rule"), []).append(name)
    for verb, several in by_fate.items():
        is_one = len(several) == 1
        owns, was = ("owns an address", "was") if is_one else ("own addresses", "were")
        yield f"{visible_names(several, _MOST_NAMES)} {owns} of the host and {was} {verb}"


def _rules(reasons: Iterable[Reason]) -> str:
    names = [reason.rule for reason in reasons]
    return f"the rule{'s' * (len(names) > 1)} {', '.join(names)}"


def _rejected(decision: Decision) -> Iterator[str]:
    name = decision.candidates[0]
    first, *others = list(_messages(decision, Effect.REJECT, name)) or ["a rule of the policy rejects it"]
    yield f"{visible(name)}, because {_without_name(first, visible(name))}"
    if others:
        yield "and because " + "; ".join(others)
    if name in decision.owners:
        yield f"it owns {_matched(decision)}"


def _without_name(message: str, name: str) -> str:
    """Return a message that begins with a name, for a sentence that has named it already."""
    rest = message.removeprefix(f"{name} ")
    return message if rest == message else f"it {rest}"


def _matched(decision: Decision) -> str:
    return "" if decision.interface is None else ", ".join(decision.interface.matched_addresses)


def _ambiguous(decision: Decision) -> Iterator[str]:
    names = decision.candidates
    if len(names) > 1:
        yield f"more than one interface matches: {visible_names(names, _MOST_NAMES)}"
    else:
        yield f"{visible(names[0])} is the only candidate, but a rule makes the decision ambiguous"
    said = "; ".join(_messages(decision, Effect.MAKE_AMBIGUOUS))
    yield "because " + (said or "no rule of the policy chooses between them")


def _none_found(decision: Decision) -> Iterator[str]:
    errors = [one for one in decision.findings if not one.rule and one.severity is Severity.ERROR]
    said = "; ".join(finding.message for finding in errors)
    if any(finding.code == FindingCode.NO_ADDRESS_GIVEN for finding in errors):
        yield said
        return
    host = visible(decision.host.name)
    yield "no interface was found" + (f" for {host}" if host else "")
    if said:
        yield f"because {said}"


def _messages(decision: Decision, effect: Effect, about: str = "") -> Iterator[str]:
    """Yield what the rules with an effect found (about one interface), in the order of the findings."""
    places = {step.place for step in decision.trace if VERBS[step.verb].effect is effect}
    for finding in decision.findings:
        if finding.rule in places and (not about or about in finding.interfaces):
            yield finding.message


def _kind_of(link: Link) -> str:
    members = (*link.lowers.slaves, *link.lowers.ports)
    if members:
        return f"{link.kind} over {visible_names(members, _MOST_NAMES)}"
    return f"{link.kind} on {visible(link.lowers.base)}" if link.lowers.base else str(link.kind)
