"""JSONLogic, by datalogic-py: one compiled rule over the text of the report.

JSONLogic has no recursion. Lower devices are found in two passes over bridges, vlans and bonds, in the usual order of
the layers. Its trace lists its operators, one item at a time.
"""

from __future__ import annotations

import json
from typing import Any

from datalogic_py import Engine

from benchmarks.peers.contest import EXPLANATION, NAME, Answer, Contender, Question
from benchmarks.peers.texts import document

PACKAGES = ("datalogic-py",)
PASSES = 2
ROOT = 99
MAPS = ("nics", "bondings", "vlans", "bridges")
LEAVES_OUT = ("validation", "findings", "IPv6 spelling", "stacks of unusual order, deeper than two")
TEXTUAL = (("spelling", "compares addresses as text"),)


def contenders() -> tuple[Contender, ...]:
    """Return the compiled rule, and the same with its trace."""
    engine = Engine()
    session, rule, text = engine.session(), engine.compile(decision()), json.dumps(decision())

    def decide(question: Question) -> Answer:
        status, name = json.loads(session.evaluate_str(rule, document(question)))[0]
        return status, name

    def traced(question: Question) -> Answer:
        status, name = json.loads(engine.evaluate_with_trace(text, document(question)))["result"][0]
        return status, name

    steps = Contender("datalogic, steps", PACKAGES, traced, EXPLANATION, LEAVES_OUT, TEXTUAL, largest=64)
    return Contender("datalogic", PACKAGES, decide, NAME, ("trace", *LEAVES_OUT), TEXTUAL), steps


Rule = dict[str, Any]


def up(loops: int, *path: object) -> Rule:
    """Return a value from an outer loop; datalogic counts two steps for each loop, and stops at the root."""
    return {"val": [[2 * loops], *path]}


def here(*path: object) -> Rule:
    """Return a value of the current item."""
    return {"val": list(path)}


def owns(link: Rule, families: tuple[str, ...] = ("ipv4addrs", "ipv6addrs")) -> Rule:
    """Return whether the link of the inner loop owns the host address that is the current item."""
    own = [{"val": [*link["val"], family]} for family in families]
    return {"some": [{"merge": own}, {"starts_with": [here(), up(1)]}]}


def owning(kind: str) -> Rule:
    """Return the entries of a map whose interface owns a host address, at the root."""
    asked = {"some": [up(ROOT, "host"), {"starts_with": [up(1), here()]}]}
    either = {"or": [{"some": [here(family), asked]} for family in ("ipv4addrs", "ipv6addrs")]}
    return {"entries": {"filter": [here("report", kind), either]}}


def below(name: Rule) -> Rule:
    """Return the name of an interface and the names of the interfaces below it.

    Each pass over the upper devices adds the devices directly below the ones already found. JSONLogic cannot look up
    names with dots, and an inner loop cannot see the result of an outer loop.
    """
    uppers = {"merge": [{"entries": up(ROOT, "report", kind)} for kind in ("bridges", "vlans", "bondings")]}
    gathered, lowers = here("accumulator"), [here("current", "value", part) for part in ("slaves", "ports", "iface")]
    step = {"if": [{"in": [here("current", "key"), gathered]}, {"merge": [gathered, *lowers]}, gathered]}
    return {"reduce": [list(range(PASSES)), {"reduce": [uppers, step, gathered]}, [name]]}


def tops() -> Rule:
    """Return the current entries, except those below another entry that owns the same addresses; one loop deep."""
    alone = {"none": [up(ROOT, "host"), {"and": [owns(up(2, "value")), {"!": owns(up(1, "value"))}]}]}
    other = {"!==": [up(1, "key"), here("key")]}
    covered = {"and": [other, alone, {"in": [up(1, "key"), below(here("key"))]}]}
    return {"filter": [here(), {"none": [up(1), covered]}]}


def judged(entries: Rule) -> Rule:
    """Return the status for the entries that are left, one or more."""
    name = {"val": [*entries["val"], 0, "key"]}
    carried = {"===": [up(ROOT, "report", "networks", "ovirtmgmt", "iface"), name]}
    bridge = {"and": [{"in": [name, {"keys": up(ROOT, "report", "bridges")}]}, {"!": carried}]}
    verdict = {"if": [bridge, ["rejected", name], ["resolved", name]]}
    return {"if": [{"===": [{"length": entries}, 1]}, verdict, ["ambiguous", None]]}


def decision() -> Rule:
    """Return the policy as one rule: its value is a list with the status and the name.

    JSONLogic cannot give names to values. A loop over one element makes this element the current item.
    """
    several = {"reduce": [[tops()], judged(here("current")), None]}
    one = {"<": [{"length": here()}, 2]}
    chosen = {"if": [{"!": here()}, ["no_match", None], one, judged(here()), several]}
    return {"map": [[{"merge": [owning(kind) for kind in MAPS]}], chosen]}
