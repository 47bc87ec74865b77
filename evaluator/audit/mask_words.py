"""The words of the tools and of the kernel: none of them says whose host it is, so masking leaves them."""

from __future__ import annotations

from evaluator.report.kernel_numbers import LINK_TYPES

WORDS = frozenset(
    " ".join(
        (
            "UP DOWN UNKNOWN LOWERLAYERDOWN DORMANT NOTPRESENT TESTING NO-CARRIER LOOPBACK BROADCAST POINTOPOINT",
            "MULTICAST NOARP ALLMULTI PROMISC MASTER SLAVE LOWER_UP DYNAMIC ECHO M-DOWN NOTRAILERS",
            "ether loopback none infiniband can ppp ipip tunnel6 sit gre gre6 ieee802.15.4 netlink void",
            "bond bridge vlan vxlan team veth vxcan netkit dummy macvlan macvtap ipvlan ipvtap vrf tun tap openvswitch",
            "gretap ip6gre ip6gretap ip6tnl erspan geneve wireguard macsec hsr nlmon ifb bareudp xfrm vti vti6 ipoib",
            "inet inet6 global site link host nowhere 802.1Q 802.1ad",
            "unicast local broadcast anycast multicast blackhole unreachable prohibit throw nat xresolve",
            "main default dead pervasive onlink offload linkdown redirect kernel boot static ra dhcp",
            "2.0 medium high low private vepa passthru source",
            "balance-rr active-backup balance-xor 802.3ad balance-tlb balance-alb",
            "ethernet linux-bridge ovs-bridge ovs-interface mac-vlan mac-vtap ip-tunnel unknown other",
            "up down absent ignore full half on off legacy ovs bonding tunnel true false yes no",
        )
    ).split()
) | {f"[{number}]" for number in LINK_TYPES}  # as `ip -N` prints them
