"""Whether the base of a policy is still the one that the policy was written for.

`sha256` beside `extends` pins the digest of the base policy, with all texts that the base itself extends. A base that
has changed is used as it is now, with a warning, which names the differences if both versions are available.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from evaluator.base.shipped import read_shipped
from evaluator.base.text import quote, quote_all
from evaluator.policy.source.chain import Chain, files_of, read_chain
from evaluator.policy.source.extend import Merged, levels
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.policy.source.identity import policy_digest, policy_text
from evaluator.policy.source.problems import Problems

_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_NOT_COMPARED = frozenset({"before", "after", "replace"})


def check_pins(chain: Chain, problems: Problems) -> None:
    """Note each base that is not the one that is pinned, and each pin that is not a digest."""
    names = [policy_text(text.name, text.source.text) for text in chain.texts]
    for at, text in enumerate(chain.texts):
        pin = text.located.children.get("sha256")
        if pin is None or not isinstance(pin.value, str) or not at:
            continue
        digest = policy_digest(tuple(names[:at]))
        if not _DIGEST.fullmatch(pin.value):
            hint = f"the digest of the base is {digest}"
            problems.error("BASE_DIGEST", "a digest has 64 hexadecimal digits", pin.span, hint)
            continue
        expected = pin.value.lower()
        if expected != digest:
            message = f"the base {quote(chain.texts[at - 1].name)} has changed: its digest is {digest}"
            details = "; ".join((f"expected {expected}", *_details(expected, chain, at)))
            hint = f"review the changes, then write `sha256: {digest}`"
            problems.warning("BASE_CHANGED", f"{message}, {details}", pin.span, hint)


def _details(expected: str, chain: Chain, at: int) -> Iterator[str]:
    """Yield what is known of the base that is expected."""
    for text in json.loads(read_shipped("policies", "released.json"))["policies"]:
        if text["sha256"] == expected:
            yield f"that is {quote(text['name'])} of version {text['version']}"
    for name in shipped_names():
        shipped = read_chain(find_policy(name), files_of(()))
        if policy_digest(tuple(policy_text(text.name, text.source.text) for text in shipped.texts)) == expected:
            yield f"that is the shipped policy {quote(name)}"
            *_, before = levels(shipped.texts, Problems(shipped.source))
            *_, now = levels(chain.texts[:at], Problems(chain.source))
            yield from _differences(before, now)


def _differences(before: Merged, now: Merged) -> Iterator[str]:
    rules = [{entry.name: _values(entry.located.value) for entry in merged.entries} for merged in (before, now)]
    parameters = [{name: one.located.value for name, one in merged.parameters.items()} for merged in (before, now)]
    conditions = [{name: one.located.value for name, one in merged.conditions.items()} for merged in (before, now)]
    for what, (old, new) in (("rules", rules), ("parameters", parameters), ("conditions", conditions)):
        names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if names:
            yield f"{what} that differ: {quote_all(names)}"
    if list(rules[0]) != list(rules[1]) and rules[0].keys() == rules[1].keys():
        yield "the order of the rules differs"


def _values(rule: object) -> object:
    """Return the content of a rule, without its position."""
    return {key: value for key, value in rule.items() if key not in _NOT_COMPARED} if isinstance(rule, dict) else rule
