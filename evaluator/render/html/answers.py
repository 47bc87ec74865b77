"""The host's addresses on a decision's page: who owns each, what each alone would have given, how DNS gave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.decision.decision import Decision
from evaluator.decision.trace import AnswerOutcome, Explanation
from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.html.parts import badge, folded, names, section, table, terms

_MOST_ROWS = 40
_MOST_NAMES = 6
_STABILITY = {
    "stable": "Each address alone gives the same result as all of them together.",
    "depends": "The result depends on which address is used.",
    "never": "None of the addresses alone gives an interface.",
}


def answers(decision: Decision, explanation: Explanation) -> Html:
    """Return the section."""
    content: list[Html] = []
    if explanation.answers:
        content.append(element("p", _STABILITY.get(explanation.stability, explanation.stability), class_="lead"))
        content.extend(_table(decision, explanation))
    else:
        content.append(element("p", "There is no address to look for."))
    if decision.host.resolution is not None:
        content.append(_resolution(decision.host.resolution))
    return section("Addresses of the host", "addresses", *content)


def _table(decision: Decision, explanation: Explanation) -> Iterator[Html]:
    owners = _owners(explanation)
    unusable = {str(address): address.unusable for address in decision.host.unusable}
    rows = [_row(answer, owners, unusable) for answer in explanation.answers]
    heads = ("address", "owned by", "alone it gives")
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
        owned: Html | str = f"{unusable[answer.address]}: no interface can own it"
    else:
        owned = names(owners[answer.address], _MOST_NAMES) if owners[answer.address] else "no interface of this host"
    gives = [badge(answer.status)]
    if answer.host_active_nic is not None:
        gives.append(name(answer.host_active_nic))
    return name(answer.address), joined([owned]), joined(gives, " ")


def _resolution(resolution: Mapping[str, object]) -> Html:
    pairs: list[tuple[str, Html | str]] = [("asked for", name(_text(resolution, "asked")))]
    if _text(resolution, "ascii") != _text(resolution, "asked"):
        pairs.append(("in the DNS", name(_text(resolution, "ascii"))))
    pairs.append(("answered by", _text(resolution, "source")))
    pairs += [(_text(family, "type"), _family(family)) for family in _entries(resolution, "families")]
    if _text(resolution, "valid_until"):
        pairs.append(("valid until", _text(resolution, "valid_until")))
    heads = ("query", "server", "result", "milliseconds", "used")
    rows = [_query(query) for query in _entries(resolution, "queries")]
    asked = table("Questions that were asked", heads, rows) if rows else element("p", "Nobody was asked.")
    return joined([element("h3", "How the name was resolved"), terms(pairs), asked])


def _family(family: Mapping[str, object]) -> Html:
    given = family.get("addresses")
    texts = [str(address) for address in given] if isinstance(given, list | tuple) else []
    outcome = _text(family, "outcome").replace("_", " ")
    return joined([outcome, names(texts, _MOST_NAMES)] if texts else [outcome], " ")


def _query(query: Mapping[str, object]) -> tuple[Html, Html, Html, str, str]:
    asked = joined([name(_text(query, "name")), _text(query, "type")], " ")
    result = [text for text in (_text(query, "rcode"), _text(query, "error")) if text]
    extended = [f"EDE {_text(ede, 'code')} {_text(ede, 'text')}".strip() for ede in _entries(query, "ede")]
    server = joined([name(_text(query, "server")), _text(query, "transport")], " ")
    used = "yes" if query.get("used") else "no"
    return asked, server, joined([", ".join([*result, *extended]) or "none"]), _text(query, "milliseconds"), used


def _entries(document: Mapping[str, object], key: str) -> Iterator[Mapping[str, object]]:
    """Yield the objects of a list; a resolution that a caller made himself may hold anything."""
    kept = document.get(key)
    if isinstance(kept, list | tuple):
        yield from (entry for entry in kept if isinstance(entry, Mapping))


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    return "" if value is None else str(value)
