# What an auditor needs of every interface: what it owns, what became of it, and by which rule.
package nic

import rego.v1

trace[name] := {"owns": owns(link), "rule": rule(name)} if {
	some kind in ["nics", "bondings", "vlans", "bridges"]
	some name, link in input.report[kind]
}

rule(name) := "owns-host-address" if not name in candidates

rule(name) := "top-link-layer" if name in discarded

rule(name) := "not-over-a-bridge" if name in rejected

rule(name) := "one-interface" if {
	count(left) > 1
	name in left
}

rule(name) := "none" if {
	count(left) == 1
	name in left
	not name in rejected
}

codes contains "SEVERAL_INTERFACES" if count(left) > 1

codes contains "MANAGEMENT_NETWORK_OVER_BRIDGE" if count(rejected) > 0

answer := {"decision": decision, "codes": codes, "trace": trace}
