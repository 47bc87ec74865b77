"""Knows the digests of all shipped policy texts, and warns if another text uses the name of a shipped policy.

The shipped texts are the texts in this installation's `policies/` and the texts of earlier releases. The file
`policies/released.json` lists the digests of the texts of earlier releases. A changed copy of `strict` must not use the
name `strict`: readers of its decisions would think that the shipped policy made them.
"""

from __future__ import annotations

import json
from functools import cache

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.digest import digest
from evaluator.base.shipped import read_shipped
from evaluator.base.text import quote
from evaluator.policy.language.program import PolicyText
from evaluator.policy.source.chain import PolicyChain
from evaluator.policy.source.find import shipped_names, shipped_text
from evaluator.policy.source.identity import policy_text
from evaluator.policy.source.problems import Problems

_HINT = "give the copy another name"


def name_warnings(chain: PolicyChain) -> tuple[Diagnostic, ...]:
    """Return a warning for each text that has the name of a shipped policy but is not a text of that policy."""
    shipped = _shipped()
    names = {text.name for text in shipped}
    problems = Problems(chain.source)
    for text in chain.texts:
        if text.name in names and policy_text(text.name, text.source.text) not in shipped:
            message = (
                f"{quote(text.name)} is the name of a shipped policy, but this text is not a version of that policy"
            )
            problems.warning("SHIPPED_NAME_REUSED", message, text.located.children["policy"].span, _HINT)
    return tuple(problems.diagnostics)


@cache
def shipped_digests() -> frozenset[str]:
    """Return the digests of all shipped texts, in this and in earlier releases."""
    return frozenset(text.sha256 for text in _shipped())


def _shipped() -> set[PolicyText]:
    released = json.loads(read_shipped("policies", "released.json"))["policies"]
    installed = {PolicyText(name, digest(shipped_text(name))) for name in shipped_names()}
    return installed | {PolicyText(text["name"], text["sha256"]) for text in released}
