"""The policies of the other engines, and the input for an engine that reads one JSON text."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.contest import Question


def policy(name: str) -> str:
    """Return the text of a policy in the language of another engine."""
    return (Path(__file__).parent / "policies" / name).read_text(encoding="utf-8")


def document(question: Question) -> str:
    """Return one text with the unchanged report, and the host addresses, each followed by a slash."""
    host = '/","'.join(question.host)
    return f'{{"host":["{host}/"],"report":{question.text}}}'


def slashed(question: Question) -> list[str]:
    """Return the host addresses, each followed by the slash that precedes a prefix length."""
    return [f"{text}/" for text in question.host]
