"""Filters for Ansible: `activenic_nic` and `activenic_decision`. They decide on the controller, from facts.

Copy the folder beside your playbook, and install activenic into the Python of Ansible. No module runs on the host.

    {{ ansible_facts | activenic_nic('192.0.2.10') }}               the name; the task fails if there is no single one
    {{ ansible_facts | activenic_decision(addresses, policy='keep-management') }}     the decision document
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError

import evaluator


def activenic_decision(
    facts: dict[str, Any], addresses: str | list[str], policy: str = "strict", **parameters: object
) -> dict[str, Any]:
    """Return the decision document for the facts of a host. The keyword arguments are parameters of the policy."""
    texts = [addresses] if isinstance(addresses, str) else addresses
    try:
        report = evaluator.read_report({**facts}, format="ansible")
        decision = evaluator.load_policy(policy).decide(report, evaluator.HostAddresses.of(*texts), **parameters)
    except evaluator.QuestionError as error:
        raise AnsibleFilterError(f"activenic: {error}") from None
    return decision.to_dict()


def activenic_nic(
    facts: dict[str, Any], addresses: str | list[str], policy: str = "strict", **parameters: object
) -> str:
    """Return the hostActiveNic. The task fails if the status is not `resolved`, and its message has the reasons."""
    document = activenic_decision(facts, addresses, policy, **parameters)
    if document["status"] != "resolved":
        reasons = [finding["message"] for finding in document["findings"] if finding["severity"] == "error"]
        raise AnsibleFilterError(f"activenic: {document['status']}: {'; '.join(reasons)}")
    return str(document["hostActiveNic"])


class FilterModule:
    """What Ansible asks for the filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return the filters by name."""
        return {"activenic_nic": activenic_nic, "activenic_decision": activenic_decision}
