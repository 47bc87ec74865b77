"""Which texts a policy was read from, and the one digest of them all."""

from __future__ import annotations

import rfc8785

from evaluator.base.digest import digest
from evaluator.policy.language.program import PolicyText


def policy_text(name: str, text: str) -> PolicyText:
    """Return the name of a text and the digest of its bytes."""
    return PolicyText(name, digest(text.encode()))


def policy_digest(texts: tuple[PolicyText, ...]) -> str:
    """Return the digest of a policy: of one text its own, of several that of their list in canonical JSON."""
    if len(texts) == 1:
        return texts[0].sha256
    return digest(rfc8785.dumps([text.to_dict() for text in texts]))
