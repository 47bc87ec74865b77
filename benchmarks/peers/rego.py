"""Rego, by regorus: its bytecode VM and its interpreter, with the same policy, and with a trace rule.

The trace of Rego lists the evaluated expressions, not the result for an interface. So the trace rule computes this
result for every interface, as a user would write it. The VM stops after 25 000 instructions, and the binding cannot
change this limit, so the VM is measured only with smaller hosts.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from regorus import Engine, Program, Rvm

from benchmarks.peers.contest import EXPLANATION, NAME, Answer, Contender, Question
from benchmarks.peers.rego_policy import LEAVES_OUT, TEXTUAL, modules
from benchmarks.peers.texts import document

PACKAGES = ("gordon-to-regorus",)


def contenders() -> tuple[Contender, ...]:
    """Return the VM and the interpreter, each without and with the trace rule."""
    bare, full = ("trace", *LEAVES_OUT), ("why not, per clause", "places", *LEAVES_OUT)
    return (
        Contender("regorus VM", PACKAGES, in_vm("decision"), NAME, bare, TEXTUAL, largest=512),
        Contender("regorus interpreter", PACKAGES, interpreted("decision"), NAME, bare, TEXTUAL),
        Contender("regorus VM, trace rule", PACKAGES, in_vm("answer"), EXPLANATION, full, TEXTUAL, largest=64),
        Contender("regorus interpreter, trace rule", PACKAGES, interpreted("answer"), EXPLANATION, full, TEXTUAL),
    )


def answer(text: str) -> Answer:
    """Return the answer of a result, which may contain a trace."""
    result = json.loads(text)
    status, name = result["decision"] if isinstance(result, dict) else result
    return status, name


def in_vm(rule: str) -> Callable[[Question], Answer]:
    """Return the compiled policy; one VM is reused, as its users do."""
    machine = Rvm()
    machine.load_program(Program.compile_from_modules("{}", modules(), [f"data.nic.{rule}"]))

    def decide(question: Question) -> Answer:
        machine.set_input_json(document(question))
        return answer(machine.execute())

    return decide


def interpreted(rule: str) -> Callable[[Question], Answer]:
    """Return the prepared interpreter."""
    engine = Engine()
    for name, text in modules():
        engine.add_policy(name, text)

    def decide(question: Question) -> Answer:
        engine.set_input_json(document(question))
        return answer(engine.eval_rule_as_json(f"data.nic.{rule}"))

    return decide
