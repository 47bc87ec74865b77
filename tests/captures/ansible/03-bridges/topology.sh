# nic NAME: a card of the virtual machine under that name
ip link set lo up
nic ens1; nic ens2; ip link add br-ex type bridge; ip link set ens1 master br-ex; ip link set ens1 up; ip link set br-ex up
ip link add docker0 type bridge; ip addr add 172.17.0.1/16 brd + dev docker0
ip addr add 192.0.2.10/24 brd + dev br-ex; ip addr add 2001:db8::10/64 dev br-ex nodad; ip addr add 198.51.100.20/24 brd + dev ens2; ip route add default via 192.0.2.1
