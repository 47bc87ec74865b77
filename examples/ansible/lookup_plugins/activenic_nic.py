"""The lookup `activenic_nic` for Ansible: it resolves host names on the controller, and decides from facts of the play.

Copy the folder beside your playbook, and install activenic into the Python of Ansible. The host must have facts, from
`gather_facts` or the module `setup`. No other module runs on the host.

    {{ lookup('activenic_nic', inventory_hostname) }}     the name; the task fails if there is no single one
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

import evaluator

DOCUMENTATION = """
name: activenic_nic
short_description: the interface of the current host on which the addresses of a host name are
options:
  _terms:
    description: host names or addresses of the current host
    required: true
  policy:
    description: a shipped policy, or the path of a policy
    type: str
    default: strict
    vars: [{name: activenic_policy}]
  parameters:
    description: parameters of the policy
    type: dict
    default: {}
    vars: [{name: activenic_parameters}]
  dns_servers:
    description: name servers, IP or IP#PORT
    type: list
    elements: str
    default: []
    vars: [{name: activenic_dns_servers}]
  hosts_file:
    description: a hosts file that is searched before DNS
    type: path
    vars: [{name: activenic_hosts_file}]
"""


class LookupModule(LookupBase):
    """One name for each term, in their order."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **options: object) -> list[str]:
        """Return the names. Raises AnsibleLookupError if a term has no single interface."""
        self.set_options(var_options=variables, direct=options)
        facts = self._templar.available_variables.get("ansible_facts")
        if not facts:
            raise AnsibleLookupError("activenic: the play has no facts of this host; gather them first")
        return [self._decide(facts, term) for term in terms]

    def _decide(self, facts: dict[str, Any], name: str) -> str:
        hosts_file = self.get_option("hosts_file")
        try:
            host = evaluator.resolve_host(
                name,
                servers=self.get_option("dns_servers"),
                hosts_file=None if hosts_file is None else Path(hosts_file),
            )
            report = evaluator.read_report({**facts}, format="ansible")
            policy = evaluator.load_policy(self.get_option("policy"))
            decision = policy.decide(report, host, **self.get_option("parameters"))
        except evaluator.QuestionError as error:
            raise AnsibleLookupError(f"activenic: {error}") from None
        if decision.host_active_nic is None or decision.status != "resolved":
            reasons = "; ".join(finding.message for finding in decision.findings if finding.severity == "error")
            raise AnsibleLookupError(f"activenic: {decision.status}: {reasons}")
        return decision.host_active_nic
