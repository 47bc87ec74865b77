"""The content of the page of a comparison: the changed hosts by transition and label, and the findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from evaluator.fleet.compare_files import FleetComparison
from evaluator.fleet.page_limits import MOST_BARS, MOST_LABELS, STATUSES, rows_of_a_table, share_text
from evaluator.render.fleet_page.content import Bar, Chart, FleetPage, HostRow, HostTable, Series
from evaluator.workbench.comparison import AnswerChange, Refused, answer_text

_INTERFACE = "interface"
_SERIES = (
    Series(_INTERFACE, "the status is the same, the interface differs"),
    *(Series(one.css_class, f"new status: {one.meaning}") for one in STATUSES[:-1]),
    STATUSES[-1],
    Series("new", "only the new policy has the finding"),
    Series("gone", "only the old policy has the finding"),
)
_Rows = Callable[[Iterable[HostRow]], HostTable]


def comparison_page(fleet: FleetComparison) -> FleetPage:
    """Return the content of the page."""
    comparison = fleet.comparison
    labels = sorted({name for change in comparison.changes for name in change.labels})
    transitions = _grouped((_transition(change), _host(change)) for change in comparison.changes)
    problems = _grouped((code, _refused(one)) for one in comparison.refused for code in _codes(one))
    by_label = [("label", label, _by_label(comparison.changes, label)) for label in labels[:MOST_LABELS]]
    groups = [("transition", "", transitions), ("problem", "", problems), *by_label]
    most = rows_of_a_table(sum(min(len(hosts), MOST_BARS + 1) for _, _, hosts in groups))
    charts = [
        Chart(subject, label, tuple(_bars(hosts, comparison.questions, most)))
        for subject, label, hosts in groups
        if hosts
    ]
    if fleet.findings:
        charts.insert(1, Chart("finding", "", tuple(_findings(fleet))))
    return FleetPage(
        title=f"{comparison.old.name} → {comparison.new.name}",
        tone="ambiguous" if comparison.changes else "resolved",
        sentences=tuple(_sentences(fleet)),
        facts=(("old policy digest", (comparison.old.digest,)), ("new policy digest", (comparison.new.digest,))),
        series=_SERIES,
        charts=tuple(charts),
        notes=tuple(_notes(labels)),
        heads=("host", "change", "before", "after", "rules"),
        order="sorted by id; `--output json` has all hosts",
    )


def _by_label(changes: Iterable[AnswerChange], label: str) -> dict[str, list[HostRow]]:
    return _grouped((change.labels[label], _host(change)) for change in changes if label in change.labels)


def _transition(change: AnswerChange) -> str:
    return " → ".join(change.transition)


def _host(change: AnswerChange) -> HostRow:
    state = change.new.status if change.old.status != change.new.status else _INTERFACE
    rules = " → ".join(rule or "none" for rule in change.rules)
    return HostRow(change.id, state, (answer_text(change.old), answer_text(change.new), rules))


def _codes(refused: Refused) -> list[str]:
    return sorted({str(problem.code) for problem in refused.diagnostics})


def _refused(refused: Refused) -> HostRow:
    return HostRow(refused.id, STATUSES[-1].css_class, ("", "", ", ".join(_codes(refused))))


def _grouped(hosts: Iterable[tuple[str, HostRow]]) -> dict[str, list[HostRow]]:
    """Return the values with their hosts. The value with the most hosts is first."""
    by_value: dict[str, list[HostRow]] = {}
    for value, host in hosts:
        by_value.setdefault(value, []).append(host)
    return dict(sorted(by_value.items(), key=lambda one: (-len(one[1]), one[0])))


def _bars(by_value: dict[str, list[HostRow]], questions: int, most: int) -> Iterator[Bar]:
    values = list(by_value)
    for value in values[:MOST_BARS]:
        yield _bar(value, by_value[value], questions, most)
    if len(values) > MOST_BARS:
        others = [host for value in values[MOST_BARS:] for host in by_value[value]]
        yield _bar(f"{len(values) - MOST_BARS:,} others", others, questions, most, is_rest=True)


def _bar(name: str, hosts: Sequence[HostRow], questions: int, most: int, *, is_rest: bool = False) -> Bar:
    states = Counter(host.state for host in hosts)
    first = sorted(hosts, key=lambda host: (host.id, host.state, host.cells))[:most]
    counts = tuple(states[series.css_class] for series in _SERIES)
    return Bar(name, counts, share_text(len(hosts), questions), HostTable(tuple(first), ""), is_rest)


def _findings(fleet: FleetComparison) -> Iterator[Bar]:
    """Yield a bar for each finding code that hosts get or lose. A bar has no table: only numbers are known."""
    codes = {code[1:] for code in fleet.findings}
    counts = {code: (fleet.findings.get(f"+{code}", 0), fleet.findings.get(f"-{code}", 0)) for code in codes}
    for code, (new, gone) in sorted(counts.items(), key=lambda one: (-sum(one[1]), one[0])):
        hosts = tuple({"new": new, "gone": gone}.get(series.css_class, 0) for series in _SERIES)
        yield Bar(code, hosts, f"+{new:,} -{gone:,}", None)


def _sentences(fleet: FleetComparison) -> Iterator[str]:
    comparison = fleet.comparison
    changed = share_text(len(comparison.changes), comparison.questions)
    yield f"{comparison.questions:,} questions: the answer changes for {changed}."
    if comparison.other_findings:
        yield f"The answer is the same and the findings differ for {comparison.other_findings:,}."
    if comparison.refused:
        yield f"Invalid questions: {len(comparison.refused):,}."


def _notes(labels: Sequence[str]) -> Iterator[str]:
    if len(labels) > MOST_LABELS:
        yield f"{len(labels) - MOST_LABELS:,} more labels have no chart; `--output json` has all labels."
