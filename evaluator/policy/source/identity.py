"""The identity of a policy: the name and digest of each of its texts, and one digest of all of them."""

from __future__ import annotations

import rfc8785

from evaluator.base.digest import digest
from evaluator.policy.language.program import PolicyText


def policy_text(name: str, text: str) -> PolicyText:
    """Return the name of a text with the SHA-256 of its bytes."""
    return PolicyText(name, digest(text.encode()))


def policy_digest(texts: tuple[PolicyText, ...]) -> str:
    """Return the digest of a policy.

    For a policy with one text, this is the digest of the text. For several texts, it is the digest of their list in
    canonical JSON.
    """
    if len(texts) == 1:
        return texts[0].sha256
    return digest(rfc8785.dumps([text.to_dict() for text in texts]))
