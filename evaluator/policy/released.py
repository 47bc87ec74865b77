"""Which policy texts are shipped, and whether another text uses the name of one.

Shipped are the texts in this installation's `policies/`, and every text that was ever released under
`policies/released.json`. A changed copy that still calls itself `strict` would be taken for the shipped policy by
everyone who reads its decisions.
"""

from __future__ import annotations

import json
from functools import cache

from evaluator.decision import PolicyText
from evaluator.diagnostic import Diagnostic
from evaluator.digest import digest
from evaluator.policy.find import plain_text, shipped_names, shipped_text
from evaluator.policy.problems import Problems
from evaluator.policy.program import Program
from evaluator.policy.yaml_text import Located, read_yaml
from evaluator.proven import proven
from evaluator.shipped import read_shipped
from evaluator.source import Source
from evaluator.text import quote

_HINT = "give the copy a name of its own"


def name_warnings(program: Program, source: Source) -> tuple[Diagnostic, ...]:
    """Return a warning if the policy of a text uses the name of a shipped policy and is not one."""
    own = program.texts[-1]
    shipped = _shipped()
    if own in shipped or own.name not in {text.name for text in shipped}:
        return ()
    problems = Problems(Source(source.name, plain_text(source.text)))
    located = proven(read_yaml(problems.source, problems), Located)
    message = f"{quote(own.name)} is the name of a shipped policy, and this text is not a version of that policy"
    problems.warning("SHIPPED_NAME_REUSED", message, located.children["policy"].span, _HINT)
    return tuple(problems.found[-1:])


@cache
def shipped_digests() -> frozenset[str]:
    """Return the digests of the shipped texts."""
    return frozenset(text.sha256 for text in _shipped())


def _shipped() -> set[PolicyText]:
    released = json.loads(read_shipped("policies", "released.json"))["policies"]
    installed = {PolicyText(name, digest(shipped_text(name))) for name in shipped_names()}
    return installed | {PolicyText(text["name"], text["sha256"]) for text in released}
