"""Where the policies of the peers stand, and how a peer that reads one JSON text is given report and host."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.contest import Question


def policy(name: str) -> str:
    """Return the text of a policy in a peer's language."""
    return (Path(__file__).parent / "policies" / name).read_text(encoding="utf-8")


def document(question: Question) -> str:
    """Return one text with the report as it came, and the host's addresses with the slash that ends one."""
    host = '/","'.join(question.host)
    return f'{{"host":["{host}/"],"report":{question.text}}}'


def slashed(question: Question) -> list[str]:
    """Return the host's addresses with the slash that ends one in a report."""
    return [f"{text}/" for text in question.host]
