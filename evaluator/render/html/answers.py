"""The section on host addresses: the owners of each address, and the result if the host had only this address.

If the host has a name, the section also has the DNS lookup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.decision.decision import Decision, Explanation
from evaluator.decision.trace import AnswerOutcome
from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.html.parts import badge, folded, names, section, table, terms

_MOST_ROWS = 40
_MOST_NAMES = 6
_STABILITY = {
    "stable": "Each address alone gives the same result as all addresses together.",
    "depends": "The result depends on which address is used.",
    "never": "None of the addresses alone gives an interface.",
}


def answers(decision: Decision, explanation: Explanation) -> Html:
    """Return the section on host addresses as HTML."""
    content: list[Html] = []
    if explanation.answers:
        content.append(element("p", _STABILITY.get(explanation.stability, explanation.stability), class_="lead"))
        content.extend(_table(decision, explanation))
    else:
        content.append(element("p", "No host address is known."))
    if decision.host.resolution is not None:
        content.append(_resolution(decision.host.resolution))
    return section("Addresses of the host", "addresses", *content)


def _table(decision: Decision, explanation: Explanation) -> Iterator[Html]:
    owners = _owners(explanation)
    unusable = {str(address): address.unusable for address in decision.host.unusable}
    rows = [_row(answer, owners, unusable) for answer in explanation.answers]
    heads = ("address", "owned by", "result for this address alone")
    yield table("Host addresses", heads, rows[:_MOST_ROWS])
    if len(rows) > _MOST_ROWS:
        more = table("More host addresses", heads, rows[_MOST_ROWS:])
        yield folded(f"and {len(rows) - _MOST_ROWS:,} more", more)


def _owners(explanation: Explanation) -> Mapping[str, list[str]]:
    owners: dict[str, list[str]] = {answer.address: [] for answer in explanation.answers}
    for interface in explanation.interfaces:
        for address in interface.addresses:
            if address in owners:
                owners[address].append(interface.name)
    return owners


def _row(
    answer: AnswerOutcome, owners: Mapping[str, list[str]], unusable: Mapping[str, str]
) -> tuple[Html, Html, Html]:
    if answer.address in unusable:
        owner: Html | str = f"{unusable[answer.address]}: no interface can own it"
    else:
        owner = names(owners[answer.address], _MOST_NAMES) if owners[answer.address] else "no interface of this host"
    result = [badge(answer.status)]
    if answer.host_active_nic is not None:
        result.append(name(answer.host_active_nic))
    return name(answer.address), joined([owner]), joined(result, " ")


def _resolution(resolution: Mapping[str, object]) -> Html:
    pairs: list[tuple[str, Html | str]] = [("name", name(_text(resolution, "asked")))]
    if _text(resolution, "ascii") != _text(resolution, "asked"):
        pairs.append(("in the DNS", name(_text(resolution, "ascii"))))
    pairs.append(("source", _text(resolution, "source")))
    pairs += [(_text(family, "type"), _family(family)) for family in _entries(resolution, "families")]
    if _text(resolution, "valid_until"):
        pairs.append(("valid until", _text(resolution, "valid_until")))
    heads = ("query", "server", "result", "milliseconds", "used")
    rows = [_query(query) for query in _entries(resolution, "queries")]
    queries = table("DNS queries", heads, rows) if rows else element("p", "No name server was queried.")
    return joined([element("h3", "How the name was resolved"), terms(pairs), queries])


def _family(family: Mapping[str, object]) -> Html:
    addresses = family.get("addresses")
    texts = [str(address) for address in addresses] if isinstance(addresses, list | tuple) else []
    outcome = _text(family, "outcome").replace("_", " ")
    return joined([outcome, names(texts, _MOST_NAMES)] if texts else [outcome], " ")


def _query(query: Mapping[str, object]) -> tuple[Html, Html, Html, str, str]:
    question = joined([name(_text(query, "name")), _text(query, "type")], " ")
    result = [text for text in (_text(query, "rcode"), _text(query, "error")) if text]
    extended = [f"EDE {_text(ede, 'code')} {_text(ede, 'text')}".strip() for ede in _entries(query, "ede")]
    server = joined([name(_text(query, "server")), _text(query, "transport")], " ")
    used = "yes" if query.get("used") else "no"
    return question, server, joined([", ".join([*result, *extended]) or "none"]), _text(query, "milliseconds"), used


def _entries(document: Mapping[str, object], key: str) -> Iterator[Mapping[str, object]]:
    """Yield the objects of a list.

    Values that are not objects are ignored, because a caller can pass a resolution of any shape.
    """
    entries = document.get(key)
    if isinstance(entries, list | tuple):
        yield from (entry for entry in entries if isinstance(entry, Mapping))


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    return "" if value is None else str(value)
