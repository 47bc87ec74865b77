# nic NAME: a card of the virtual machine under that name
ip link set lo up
nic ens1; ip link set ens1 up; ip link add link ens1 name mv0 type macvlan mode bridge; ip link add veth0 type veth peer name veth1; ip link add dummy7 type dummy; ip link add vrf-mgmt type vrf table 100; ip link add team0 type team
ip link add vx5 type vxlan id 5 dev ens1 dstport 4789; ip tuntap add tun0 mode tun
for n in mv0 veth0 veth1 dummy7 vrf-mgmt team0 vx5 tun0; do ip link set $n up; done
ip addr add 192.0.2.10/24 brd + dev mv0; ip addr add 198.51.100.20/24 brd + dev veth0; ip addr add 203.0.113.30/32 dev dummy7; ip addr add 203.0.113.1/32 dev vrf-mgmt
ip addr add 10.0.1.1/24 brd + dev team0; ip addr add 10.0.2.1/24 brd + dev vx5; ip addr add 10.0.3.1/24 dev tun0; ip addr add 10.0.4.1/24 brd + dev ens1
