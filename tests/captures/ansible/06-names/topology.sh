# nic NAME: a card of the virtual machine under that name
ip link set lo up
nic a-b; nic a_b; nic en.s1; for n in a-b a_b en.s1; do ip link set $n up; done
ip addr add 192.0.2.10/24 brd + dev a-b; ip addr add 198.51.100.20/24 brd + dev a_b; ip addr add 203.0.113.30/24 brd + dev en.s1
