"""Compares the base of a policy with the digest that the policy expects (`sha256` next to `extends`).

The pin is the digest of the base with all texts that the base itself extends, so a change in any of these texts is
noticed. A decision that was made with the base alone has the same digest, in its member `policy.sha256`. An operator
can copy the pin from such a decision.

If the base has another digest than expected, activenic gives a warning, not an error, and decides with the current
base. So an update of a shipped policy does not stop decisions. If the expected digest is the digest of a shipped
policy, the warning names the rules, parameters and conditions that differ. If the expected digest is in an earlier
release (`policies/released.json`), the warning names the release.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from evaluator.base.fix import Safety
from evaluator.base.shipped import read_shipped
from evaluator.base.text import quote, quote_all
from evaluator.policy.source.chain import PolicyChain, files_of, read_chain
from evaluator.policy.source.extend import MergedPolicy, levels
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.policy.source.identity import policy_digest, policy_text
from evaluator.policy.source.problems import Problems

_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_POSITION_KEYS = frozenset({"before", "after", "replace"})


def check_pins(chain: PolicyChain, problems: Problems) -> None:
    """Report each base whose digest differs from its pin (the expected digest), and each pin that is not a digest."""
    texts = [policy_text(text.name, text.source.text) for text in chain.texts]
    for at, text in enumerate(chain.texts):
        pin = text.located.children.get("sha256")
        if pin is None or not isinstance(pin.value, str) or not at:
            continue
        digest = policy_digest(tuple(texts[:at]))
        if not _DIGEST.fullmatch(pin.value):
            hint = f"the digest of the base is {digest}"
            fixes = problems.fix(pin.span, digest, Safety.UNSAFE)
            problems.error("BASE_DIGEST", "a digest must have 64 hexadecimal digits", pin.span, hint, fixes)
            continue
        expected = pin.value.lower()
        if expected != digest:
            message = f"the base {quote(chain.texts[at - 1].name)} has changed: its digest is {digest}"
            details = "; ".join((f"expected {expected}", *_details(expected, chain, at)))
            hint = f"review the changes, then write `sha256: {digest}`"
            fixes = problems.fix(pin.span, digest, Safety.UNSAFE)
            problems.warning("BASE_CHANGED", f"{message}, {details}", pin.span, hint, fixes)


def _details(expected: str, chain: PolicyChain, at: int) -> Iterator[str]:
    """Yield the name of the policy with the expected digest, and the differences between this policy and the base."""
    for text in json.loads(read_shipped("policies", "released.json"))["policies"]:
        if text["sha256"] == expected:
            yield f"which is {quote(text['name'])} of version {text['version']}"
    for name in shipped_names():
        shipped = read_chain(find_policy(name), files_of(()))
        if policy_digest(tuple(policy_text(text.name, text.source.text) for text in shipped.texts)) == expected:
            yield f"which is the shipped policy {quote(name)}"
            *_, before = levels(shipped.texts, Problems(shipped.source))
            *_, now = levels(chain.texts[:at], Problems(chain.source))
            yield from _differences(before, now)


def _differences(before: MergedPolicy, now: MergedPolicy) -> Iterator[str]:
    policies = (before, now)
    rules = [{entry.name: _content(entry.located.value) for entry in merged.entries} for merged in policies]
    parameters = [{name: entry.located.value for name, entry in merged.parameters.items()} for merged in policies]
    conditions = [{name: entry.located.value for name, entry in merged.conditions.items()} for merged in policies]
    for kind, (old, new) in (("rules", rules), ("parameters", parameters), ("conditions", conditions)):
        names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if names:
            yield f"{kind} that differ: {quote_all(names)}"
    if list(rules[0]) != list(rules[1]) and rules[0].keys() == rules[1].keys():
        yield "the order of the rules differs"


def _content(rule: object) -> object:
    """Return the keys and values of a rule, except the keys that give its position."""
    return {key: value for key, value in rule.items() if key not in _POSITION_KEYS} if isinstance(rule, dict) else rule
