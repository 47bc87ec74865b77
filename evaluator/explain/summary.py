"""Summarize a decision in a few sentences: the result and its reason, and the outcome of one interface.

The sentences use facts of the decision only: the owners of addresses, and the rules that fired. They assume nothing
about the purpose of a policy, because operators write their own policies.
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
_ADDRESS_WORDS = frozenset({"nic.matched", "owners"})


class RuleResults(Struct, frozen=True):
    """The results of the rules for one interface; `removed_by` is the result of the rule that removed the interface."""

    reasons: tuple[Reason, ...]
    removed_by: Reason | None = None

    @property
    def matched_by(self) -> tuple[Reason, ...]:
        """Return the results of the rules that made the interface a candidate."""
        return tuple(reason for reason in _with_effect(self.reasons, Effect.ADD) if reason.held)


def _with_effect(reasons: Iterable[Reason], effect: Effect) -> Iterator[Reason]:
    return (reason for reason in reasons if VERBS[reason.verb].effect is effect)


def outcome(link: Link, results: RuleResults, decision: Decision) -> str:
    """Return the outcome of one interface in one sentence."""
    if link.name == decision.host_active_nic:
        rules = [reason.rule for reason in _with_effect(results.reasons, Effect.REJECT) if reason.held]
        return f"the hostActiveNic, rejected by {', '.join(rules)}" if rules else "the hostActiveNic"
    if link.name in decision.candidates:
        is_alone = len(decision.candidates) == 1
        return "the only candidate, but an `ambiguous` rule fired" if is_alone else "one of several candidates"
    if results.removed_by is not None:
        return _removed(results.removed_by)
    if link.kind is Kind.LOOPBACK:
        return "no rule matched it; activenic ignores addresses of a loopback link"
    reads_addresses = any(map(_reads_addresses, _with_effect(results.reasons, Effect.ADD)))
    owns_none = reads_addresses and link.name not in decision.owners
    return "no rule matched it" + "; it owns no address of the host" * owns_none


def goal(name: str, decision: Decision) -> str:
    """Return the effect of a change as words that follow "it would".

    If the interface is already the hostActiveNic, but rejected, the effect of a change is that the interface is not
    rejected any more.
    """
    return "not be rejected" if name == decision.host_active_nic else "be the hostActiveNic"


def no_change(subject: str, *, is_rejected: bool) -> str:
    """Return the sentence about an interface for which the search found no change."""
    effect = f"prevent the rejection of {subject}" if is_rejected else f"make {subject} the hostActiveNic"
    return f"the search found no change that would {effect}"


def _removed(reason: Reason) -> str:
    upper = next((value.value for value in reason.seen if value.word == "other"), "")
    because = f" because of {upper}" if upper else ""
    return f"{VERBS[reason.verb].removed} by {reason.rule}{because}"


def _reads_addresses(reason: Reason) -> bool:
    """Return whether the clause that decided the rule uses the addresses of the host."""
    return any(value.word.startswith("host.") or value.word in _ADDRESS_WORDS for value in reason.seen)


def summary(decision: Decision, links: Mapping[str, Link], results_of: Callable[[str], RuleResults]) -> tuple[str, ...]:
    """Return the sentences: first the result, then the reason.

    `results_of` takes the name of an interface, and returns the results of the rules for this interface.
    """
    match decision.status:
        case Status.RESOLVED:
            return tuple(_resolved(decision, links, results_of))
        case Status.REJECTED:
            return tuple(_rejected(decision))
        case Status.AMBIGUOUS:
            return tuple(_ambiguous(decision))
        case _:
            return tuple(_no_interface(decision))


def _resolved(decision: Decision, links: Mapping[str, Link], results_of: Callable[[str], RuleResults]) -> Iterator[str]:
    name = decision.candidates[0]
    yield f"{visible(name)} ({_kind_of(links[name])}) is the hostActiveNic"
    reasons, matched = results_of(name).matched_by, _matched(decision)
    if matched and any(map(_reads_addresses, reasons)):
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
    """Yield a text for each outcome: the owners in `names` that have this outcome, and the outcome."""
    removed: dict[str, str] = {}
    for step in decision.trace:
        outcome_text = f"{VERBS[step.verb].removed} by the rule {step.rule}"
        removed.update((name, outcome_text) for name in {*step.before} - {*step.after})
    by_outcome: dict[str, list[str]] = {}
    for name in names:
        by_outcome.setdefault(removed.get(name, "not matched by any rule"), []).append(name)
    for outcome_text, owners in by_outcome.items():
        names_text = visible_names(owners, _MOST_NAMES)
        if len(owners) == 1:
            yield f"{names_text} owns an address of the host and was {outcome_text}"
        else:
            yield f"{names_text} own addresses of the host and were {outcome_text}"


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
    """Return the message. If the message begins with the name of the interface, "it" replaces the name."""
    without = message.removeprefix(f"{name} ")
    return message if without == message else f"it {without}"


def _matched(decision: Decision) -> str:
    return "" if decision.interface is None else ", ".join(decision.interface.matched_addresses)


def _ambiguous(decision: Decision) -> Iterator[str]:
    names = decision.candidates
    if len(names) > 1:
        yield f"more than one interface matches: {visible_names(names, _MOST_NAMES)}"
    else:
        yield f"{visible(names[0])} is the only candidate, but a rule makes the decision ambiguous"
    messages = "; ".join(_messages(decision, Effect.MAKE_AMBIGUOUS))
    yield "because " + (messages or "no rule of the policy chooses one of these interfaces")


def _no_interface(decision: Decision) -> Iterator[str]:
    findings = (finding for finding in decision.findings if not finding.rule)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    messages = "; ".join(finding.message for finding in errors)
    if any(finding.code == FindingCode.NO_ADDRESS_GIVEN for finding in errors):
        yield messages
        return
    host = visible(decision.host.name)
    yield "no interface was found" + (f" for {host}" if host else "")
    if messages:
        yield f"because {messages}"


def _messages(decision: Decision, effect: Effect, interface: str = "") -> Iterator[str]:
    """Yield the messages of the findings that come from rules whose verb has this effect.

    If `interface` is given, only messages about this interface are yielded.
    """
    places = {step.place for step in decision.trace if VERBS[step.verb].effect is effect}
    for finding in decision.findings:
        if finding.rule in places and (not interface or interface in finding.interfaces):
            yield finding.message


def _kind_of(link: Link) -> str:
    members = (*link.lowers.slaves, *link.lowers.ports)
    if members:
        return f"{link.kind} over {visible_names(members, _MOST_NAMES)}"
    return f"{link.kind} on {visible(link.lowers.base)}" if link.lowers.base else str(link.kind)
