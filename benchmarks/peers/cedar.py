"""Cedar, by cedarpy: one request for every interface, and more requests for the candidates.

Cedar decides about one principal. So the loops over interfaces, pairs and addresses are in this module, and the
conditions are in the policy. A diagnostic names the policy that decided, but not the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cedarpy
import orjson

from benchmarks.peers.contest import NAME, Answer, Contender, Question
from benchmarks.peers.flat import flat
from benchmarks.peers.texts import policy

PACKAGES = ("cedarpy", "msgspec", "orjson")
LEAVES_OUT = ("trace", "validation", "findings", "the loops: they are the caller's")
HOST = {"type": "Host", "id": "host"}
Ask = Callable[[list[dict[str, object]]], list[bool]]


def contenders() -> tuple[Contender, ...]:
    """Return Cedar with its policies parsed."""
    policies = cedarpy.PolicySet.from_str(policy("strict.cedar"))

    def decide(question: Question) -> Answer:
        known, names = entities(question)

        def ask(requests: list[dict[str, object]]) -> list[bool]:
            return [result.allowed for result in cedarpy.is_authorized_batch(requests, policies, known)]

        matched = chosen(names, ask([request("match", nic(name), HOST) for name in names]))
        left = matched if len(matched) < 2 else tops(matched, question, ask)
        if len(left) != 1:
            return ("ambiguous" if left else "no_match"), None
        return ("rejected" if ask([request("reject", nic(left[0]), HOST)])[0] else "resolved"), left[0]

    return (Contender("Cedar", PACKAGES, decide, NAME, LEAVES_OUT),)


def entities(question: Question) -> tuple[cedarpy.Entities, list[str]]:
    """Return the interfaces and the host as Cedar's entities, and the names of the interfaces."""
    values = flat(question)
    parents: dict[str, list[dict[str, str]]] = {}
    for upper, lowers in values["lowers"].items():
        for lower in lowers:
            parents.setdefault(lower, []).append(nic(upper))
    found: list[dict[str, object]] = [
        {
            "uid": nic(link["name"]),
            "attrs": {"owned": [address(text) for text in link["owned"]], "kind": link["kind"]},
            "parents": parents.get(link["name"], []),
        }
        for link in values["links"]
    ]
    attributes = {
        "addresses": [address(text) for text in question.host],
        "management": {"__entity": nic(values["management"])},
    }
    found.append({"uid": HOST, "attrs": attributes, "parents": []})
    return cedarpy.Entities.from_json_str(orjson.dumps(found).decode()), [link["name"] for link in values["links"]]


def tops(matched: list[str], question: Question, ask: Ask) -> list[str]:
    """Return the candidates for which no candidate above owns all their host addresses."""
    pairs = [(upper, lower) for upper in matched for lower in matched if upper != lower]
    contexts = [{"address": address(text)} for text in question.host]
    requests = [
        {**request("cover", nic(upper), nic(lower)), "context": at} for upper, lower in pairs for at in contexts
    ]
    answers, each = ask(requests), len(contexts)
    covered = {lower for i, (_, lower) in enumerate(pairs) if all(answers[i * each : (i + 1) * each])}
    return [name for name in matched if name not in covered]


def request(action: str, principal: dict[str, str], resource: dict[str, str]) -> dict[str, object]:
    """Return a request."""
    return {"principal": principal, "action": {"type": "Action", "id": action}, "resource": resource, "context": {}}


def nic(name: str) -> dict[str, str]:
    """Return an interface as an entity's identifier."""
    return {"type": "Nic", "id": name}


def address(text: str) -> dict[str, dict[str, str]]:
    """Return an address as a value that Cedar compares by number."""
    return {"__extn": {"fn": "ip", "arg": text}}


def chosen(names: Iterable[str], allowed: list[bool]) -> list[str]:
    """Return the names of the allowed requests."""
    return [name for name, yes in zip(names, allowed, strict=True) if yes]
