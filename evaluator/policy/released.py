"""Which policy texts are shipped, and whether another text uses the name of one.

Shipped are the texts in this installation's `policies/`, and every text that was ever released under
`policies/released.json`. A changed copy that still calls itself `strict` would be taken for the shipped policy by
everyone who reads its decisions.
"""

from __future__ import annotations

import json
from functools import cache

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.digest import digest
from evaluator.base.shipped import read_shipped
from evaluator.base.text import quote
from evaluator.policy.language.program import PolicyText
from evaluator.policy.source.chain import Chain
from evaluator.policy.source.find import shipped_names, shipped_text
from evaluator.policy.source.identity import policy_text
from evaluator.policy.source.problems import Problems

_HINT = "give the copy a name of its own"


def name_warnings(chain: Chain) -> tuple[Diagnostic, ...]:
    """Return a warning for each text of a policy that uses the name of a shipped policy and is not one."""
    shipped = _shipped()
    names = {text.name for text in shipped}
    problems = Problems(chain.source)
    for text in chain.texts:
        if text.name in names and policy_text(text.name, text.source.text) not in shipped:
            message = (
                f"{quote(text.name)} is the name of a shipped policy, and this text is not a version of that policy"
            )
            problems.warning("SHIPPED_NAME_REUSED", message, text.located.children["policy"].span, _HINT)
    return tuple(problems.found)


@cache
def shipped_digests() -> frozenset[str]:
    """Return the digests of the shipped texts."""
    return frozenset(text.sha256 for text in _shipped())


def _shipped() -> set[PolicyText]:
    released = json.loads(read_shipped("policies", "released.json"))["policies"]
    installed = {PolicyText(name, digest(shipped_text(name))) for name in shipped_names()}
    return installed | {PolicyText(text["name"], text["sha256"]) for text in released}
