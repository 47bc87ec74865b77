"""ZEN of GoRules: one compiled expression, and the same as a decision graph with its trace.

ZEN's expressions have no recursion, so lower devices are found to a depth of four. The trace shows the input and output
of every node of the graph.
"""

from __future__ import annotations

import json
from itertools import pairwise

from zen import ZenEngine, compile_expression

from benchmarks.peers.contest import EXPLANATION, NAME, Answer, Contender, Question
from benchmarks.peers.flat import flat
from benchmarks.peers.texts import policy

PACKAGES = ("zen-engine", "msgspec")
LEAVES_OUT = ("validation", "findings", "IPv6 spelling", "layers deeper than four")
TEXTUAL = (("spelling", "compares addresses as text"),)


def contenders() -> tuple[Contender, ...]:
    """Return the expression, and the graph with its trace."""
    expression = compile_expression(policy("strict.zen"))
    graph = ZenEngine().create_decision(json.dumps(nodes()))

    def decide(question: Question) -> Answer:
        status, name = expression.evaluate(flat(question))
        return status, name

    def traced(question: Question) -> Answer:
        status, name = graph.evaluate(flat(question), {"trace": True})["result"]["decision"]
        return status, name

    bare = Contender("ZEN", PACKAGES, decide, NAME, ("trace", *LEAVES_OUT), TEXTUAL)
    return bare, Contender("ZEN, node trace", PACKAGES, traced, EXPLANATION, ("why not", *LEAVES_OUT), TEXTUAL)


def nodes() -> dict[str, object]:
    """Return a decision graph with one node for each of the three expressions of the policy."""
    matched, left, decision = policy("strict.zen").split(";")
    steps = {"matched": matched, "left": left, "decision": decision}
    expressions = [
        {"id": key, "key": key, "value": text.partition(" = ")[2] if key != "decision" else text}
        for key, text in steps.items()
    ]
    found: list[dict[str, object]] = [{"id": "in", "type": "inputNode", "name": "in"}]
    for expression in expressions:
        content = {"expressions": [expression], "passThrough": True}
        name = expression["id"]
        found.append({"id": name, "type": "expressionNode", "name": name, "content": content})
    found.append({"id": "out", "type": "outputNode", "name": "out"})
    order = ["in", *steps, "out"]
    edges = [{"id": f"{one}-{two}", "type": "edge", "sourceId": one, "targetId": two} for one, two in pairwise(order)]
    return {"nodes": found, "edges": edges}
