"""Possible changes of members: an interface leaves its bond or bridge, or a bond gets more slaves."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.base.text import quote, quote_all
from evaluator.decision.decide import Case
from evaluator.decision.trace import EditKind
from evaluator.explain.counterfactual.trial import Option, ReportEdit, Trial, changed_facts, report_trial
from evaluator.facts.link import Kind, Link

_FEWEST_SLAVES = 2


def removed_from_masters(case: Case, link: Link) -> Iterator[Trial]:
    """Yield the trials that remove the interface from every bond and bridge."""
    for master in case.report.facts.links:
        members = _members(master)
        if link.name in members:
            role = "port" if master.kind is Kind.BRIDGE else "slave"
            names = tuple(name for name in members if name != link.name)
            yield _with_members(master, names, f"{quote(master.name)} did not have the {role} {quote(link.name)}")


def more_slaves(case: Case, bond: Link) -> Iterator[Option]:
    """Yield the possible change that gives a bond two slaves, if the host has enough unused physical interfaces."""
    facts = case.report.facts
    physical = (link.name for link in facts.links if link.kind is Kind.PHYSICAL and not link.addresses)
    used = {name for link in facts.links for name in link.lowers.names}
    present = [name for name in bond.lowers.slaves if name in facts.by_name]
    new = tuple(name for name in physical if name not in used)[: max(_FEWEST_SLAVES - len(present), 0)]
    if len(present) + len(new) >= _FEWEST_SLAVES and new:
        slaves = (*bond.lowers.slaves, *new)
        yield Option(
            (_with_members(bond, slaves, f"{quote(bond.name)} also had the slaves {quote_all(new)}", len(new)),)
        )


def _members(master: Link) -> tuple[str, ...]:
    return master.lowers.ports if master.kind is Kind.BRIDGE else master.lowers.slaves


def _with_members(master: Link, names: tuple[str, ...], sentence: str, size: int = 1) -> Trial:
    name = master.name

    def build(case: Case) -> ReportEdit:
        link = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.PORTS if link.kind is Kind.BRIDGE else EditKind.SLAVES,
            link,
            lambda writer: writer.set_members(link, names),
            changed_facts({name: {"lowers", "missing"}}, {"networks"} if link.kind is Kind.BRIDGE else None),
            lambda case: list(_members(case.report.facts.by_name[name])),
            sentence,
        )

    return report_trial(f"members of {name}", build, size)
