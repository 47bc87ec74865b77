"""One question about one host, put to this evaluator and to the engines that others would have used.

Run `make bench-peers`, or `python -m benchmarks.peers` where the peers are installed: one command that first
checks that all agree, then times them in turns on the same reports. Only ratios are printed, since absolute
times say more of the machine than of the engines.
"""
