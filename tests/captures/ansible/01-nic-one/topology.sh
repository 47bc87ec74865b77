# nic NAME: a card of the virtual machine under that name
ip link set lo up
nic ens1; nic ens2; ip link set ens1 up; ip addr add 192.0.2.10/24 brd + dev ens1; ip addr add 2001:db8::10/64 dev ens1 nodad; ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1 dev ens1
