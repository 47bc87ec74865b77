# nic NAME: a card of the virtual machine under that name
ip link set lo up
nic ens1; nic ens2; ip link add bond0 type bond mode active-backup miimon 100; for n in ens1 ens2; do ip link set $n down; ip link set $n master bond0; ip link set $n up; done; ip link set bond0 up
ip link add link bond0 name bond0.100 type vlan id 100; ip link set bond0.100 up
ip addr add 192.0.2.10/24 brd + dev bond0; ip addr add 198.51.100.20/24 brd + dev bond0.100; ip route add default via 192.0.2.1
