"""Compares activenic with other policy engines on the same questions about the same hosts.

Run `make bench-peers`, or `python -m benchmarks.peers` if the other engines are installed. The command first checks
that all engines give the same answers. Then it measures them alternately on the same reports. It prints only ratios,
because absolute times depend mostly on the machine.
"""
