"""OPA itself, in this process: Go's engine as a shared library, with the policy and the trace rule of Rego.

The binding encodes its input with `json`. This module passes the text to the library without a change, which saves OPA
two conversions. The binding requires Python 3.14 but works with older versions: install it with pip's
`--ignore-requires-python`.
"""

from __future__ import annotations

from collections.abc import Callable

from opa_bindings import OpaEngine
from opa_bindings import engine as binding

from benchmarks.peers.contest import EXPLANATION, NAME, Answer, Contender, Question
from benchmarks.peers.rego_policy import LEAVES_OUT, TEXTUAL, modules
from benchmarks.peers.texts import document

PACKAGES = ("opa-golib-python-bindings",)


def contenders() -> tuple[Contender, ...]:
    """Return OPA, without and with the trace rule."""
    full = ("why not, per clause", "places", *LEAVES_OUT)
    return (
        Contender("OPA", PACKAGES, prepared("decision"), NAME, ("trace", *LEAVES_OUT), TEXTUAL),
        Contender("OPA, trace rule", PACKAGES, prepared("answer"), EXPLANATION, full, TEXTUAL),
    )


def prepared(rule: str) -> Callable[[Question], Answer]:
    """Return an engine with the policy and the prepared query."""
    binding._encode_input = lambda text: text.encode()
    engine = OpaEngine()
    for name, text in modules():
        engine.add_policy(name, text)

    def decide(question: Question) -> Answer:
        result = engine.eval_document(f"nic.{rule}", document(question))
        status, name = result["decision"] if isinstance(result, dict) else result
        return status, name

    return decide
