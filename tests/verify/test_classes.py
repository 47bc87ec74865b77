"""Which combinations of globs and networks exist, against random texts and addresses."""

import random
from itertools import product

from evaluator.facts.address import address_of, parse_cidr
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import state_named
from evaluator.verify.classes import glob_combinations, matches, sample_addresses

STATES = ("ipv4", "ipv6", "link_local", "private", "global")


def test_the_combinations_of_globs_are_those_of_short_texts():
    texts = ["".join(characters) for length in range(6) for characters in product("abc0x", repeat=length)]
    rng = random.Random(1)
    parts = ["a", "b", "*", "?", "[ab]", "[!a]", "[b-d]", "0"]
    for _ in range(25):
        globs = ["".join(rng.choices(parts, k=rng.randint(1, 3))) for _ in range(rng.randint(1, 2))]
        found = {tuple(matches(glob, text) for glob in globs) for text in texts}
        assert found == glob_combinations(tuple(globs)), globs


def test_random_addresses_are_like_one_of_the_samples():
    rng = random.Random(2)
    networks = [parse_cidr(text) for text in ("10.20.0.0/16", "10.20.30.0/24", "192.0.2.0/25", "fd00::/10", "::/0")]
    holds = [state_named(Base.ADDRESS, name).holds for name in STATES]

    def class_of(address):
        return tuple(address in network for network in networks) + tuple(bool(state(None, address)) for state in holds)

    classes = {class_of(sample) for sample in sample_addresses(networks)}
    for _ in range(4000):
        bits = rng.choice((32, 128))
        near = rng.choice(sample_addresses(networks)).number + rng.randint(-2, 2)
        number = rng.choice((rng.getrandbits(bits), near)) % (1 << bits)
        assert class_of(address_of(4 if bits == 32 else 6, number)) in classes
