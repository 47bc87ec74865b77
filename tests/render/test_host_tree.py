"""The tree of a small host: every interface once with its facts and role, above its lower devices."""

import pytest

from evaluator.facts.link import Kind
from evaluator.render.drawing.roles import Role, RoleKind
from evaluator.render.host_tree import tree_of
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface

NIC0, NIC1 = AbstractInterface("nic0", Kind.PHYSICAL), AbstractInterface("nic1", Kind.PHYSICAL)
OWNER = AbstractInterface("nic0", Kind.PHYSICAL, owns=(0, 1), primary=(1,), prefixes=(24, 32), networks=("ovirtmgmt",))
SEPARATE = AbstractInterface("added", Kind.BRIDGE, facts={"mtu": 9000})


def vlan(name, lower, **facts):
    return AbstractInterface(name, Kind.VLAN, (lower,), vlan_id=7, **facts)


HOSTS = {
    "empty": (AbstractHost(), ["no interface"]),
    "two addresses": (
        AbstractHost((OWNER,), ("192.0.2.10", "192.0.2.20")),
        ["nic0 has 192.0.2.10/24 (secondary), 192.0.2.20/32 carries ovirtmgmt   hostActiveNic"],
    ),
    "a stack": (
        AbstractHost((NIC0, NIC1, AbstractInterface("bond2", Kind.BOND, (0, 1)), vlan("vlan3", 2))),
        [
            "vlan3 vlan 7   discarded by top",
            "└─ bond2",
            "   ├─ nic0     hostActiveNic",
            "   └─ nic1",
        ],
    ),
    "two upper devices": (
        AbstractHost((NIC0, vlan("vlan1", 0), vlan("vlan3", 0)), last_client_iface="nic0"),
        [
            "vlan1 vlan 7",
            "└─ nic0               hostActiveNic",
            "vlan3 vlan 7          discarded by top",
            "└─ nic0 (see above)",
            "last client: nic0",
        ],
    ),
    "added": (
        AbstractHost((NIC1, SEPARATE)),
        ["nic1", "bridge added (mtu: 9000)   added"],
    ),
}
ROLES = {
    "nic0": Role(RoleKind.ACTIVE, "hostActiveNic"),
    "nic1": Role(RoleKind.NONE),
    "vlan3": Role(RoleKind.REMOVED, "discarded", "top"),
}


@pytest.mark.parametrize(("host", "lines"), HOSTS.values(), ids=HOSTS)
def test_a_host_is_drawn_as_a_tree(host, lines):
    assert tree_of(host, ROLES, {"added"}) == lines
