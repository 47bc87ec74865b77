# nic NAME: a card of the virtual machine under that name
ip link set lo up
nic ens1; nic ens2; ip link set ens1 up; ip link set ens2 up; ip addr add 192.0.2.10/24 brd + dev ens1; ip addr add 198.51.100.20/24 brd + dev ens2; ip link set ens1 down
