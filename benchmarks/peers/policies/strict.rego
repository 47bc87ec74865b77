# The question in Rego. Addresses are compared as text up to the slash, which the caller appends to the host's:
# net.cidr_contains compares numbers, at several times the cost.
package nic

import rego.v1

candidates contains name if {
	some kind in ["nics", "bondings", "vlans", "bridges"]
	some name, link in input.report[kind]
	strings.any_prefix_match(array.concat(link.ipv4addrs, link.ipv6addrs), input.host)
}

owns(link) := {host |
	some host in input.host
	strings.any_prefix_match(array.concat(link.ipv4addrs, link.ipv6addrs), host)
}

# only asked for when several interfaces own an address
owned := {name: owns(link) |
	some kind in ["nics", "bondings", "vlans", "bridges"]
	some name, link in input.report[kind]
	name in candidates
}

# regorus' VM has no partial objects of sets
lowers := object.union_n([
	{name: link.slaves | some name, link in input.report.bondings},
	{name: [link.iface] | some name, link in input.report.vlans},
	{name: link.ports | some name, link in input.report.bridges},
])

discarded contains lower if {
	count(candidates) > 1
	some upper in candidates
	some layer in graph.reachable(lowers, {upper})
	some lower in lowers[layer]
	lower != upper
	lower in candidates
	count(owned[lower] - owned[upper]) == 0
}

left := candidates - discarded

rejected contains name if {
	count(left) == 1
	some name in left
	input.report.bridges[name]
	not carries(name)
}

carries(name) if input.report.networks.ovirtmgmt.iface == name

default decision := ["ambiguous", null]

decision := ["no_match", null] if count(left) == 0

decision := ["rejected", name] if {
	count(left) == 1
	some name in rejected
}

decision := ["resolved", name] if {
	count(left) == 1
	count(rejected) == 0
	some name in left
}
