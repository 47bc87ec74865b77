"""Finds vacuous tests: tests that pass for a reason that has nothing to do with the policy.

A test that expects `no_match` or `unknown_host` passes with almost every policy if no interface could own an address of
the host. There are two such cases: the host has no interface, or no interface has an address of the same family as a
host address. Such a test probably has a mistake in its report or in its addresses.
"""

from __future__ import annotations

from evaluator.base.status import Status
from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.facts.link import Kind, Link
from evaluator.testing.case_file import Expected

_WITHOUT_INTERFACE = (Status.NO_MATCH, Status.UNKNOWN_HOST)


def vacuous_reason(expected: Expected, decision: Decision) -> str:
    """Return why a passing test is vacuous; empty if the test is not vacuous.

    A test that expects no interface is vacuous if a host address cannot have an owner: the host has no interface, or
    no interface has an address of the same family (IPv4 or IPv6). Loopback interfaces are ignored. Link-local addresses
    are ignored too, because every interface with IPv6 has one. They are not ignored if a host address is link-local.
    """
    if expected.status not in _WITHOUT_INTERFACE:
        return ""
    links = [link for link in case_of(decision).report.facts.links if link.kind is not Kind.LOOPBACK]
    if not links:
        return "the host has no interface"
    asked = decision.host.usable
    counts_link_local = any(address.is_link_local for address in asked)
    versions = {version for link in links for version in _versions(link, counts_link_local=counts_link_local)}
    families = sorted({address.version for address in asked} - versions)
    if not families:
        return ""
    return f"no interface has an {' or an '.join(f'IPv{version}' for version in families)} address"


def _versions(link: Link, *, counts_link_local: bool) -> set[int]:
    addresses = [owned.address for owned in link.addresses]
    return {address.version for address in addresses if counts_link_local or not address.is_link_local}
