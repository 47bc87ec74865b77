# nic NAME: a card of the virtual machine under that name
ip link set lo up
nic ens1; ip link set ens1 up; ip addr add 192.0.2.10/24 brd + dev ens1; ip addr add 192.0.2.11/24 brd + dev ens1 label ens1:1
ip addr add 192.0.2.130/25 brd + dev ens1 label ens1:mgmt; ip addr add 198.51.100.20/24 brd + dev ens1 label ens1:san; ip addr add 203.0.113.30/24 brd + dev ens1 label ens1:san
ip addr add 10.9.0.1 peer 10.9.0.2/32 dev ens1; ip addr add 2001:db8:9::1 peer 2001:db8:9::2/128 dev ens1; ip addr add 203.0.113.9/32 dev lo
