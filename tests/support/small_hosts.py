"""Decides hosts of four and five interfaces: no property is broken except those that are meant to be false.

    python -m tests.support.small_hosts PART SEED

A part is one policy and a twelfth of the topologies of four interfaces, so 60 parts have all hosts of four interfaces
of the five shipped policies. The topologies of five interfaces are a random sample.
"""

from __future__ import annotations

import sys
from random import Random

from evaluator import load_policy
from evaluator.verify.bounded import first_of_each
from evaluator.verify.search import checks_of, statements_space
from evaluator.verify.topologies import topologies
from tests.verify.test_search import FALSE, POLICIES, STATEMENTS

_PARTS = 12
_SAMPLE = 3


def main(part: int, seed: int) -> None:
    """Decide the hosts of one part. Raises AssertionError if a property is broken."""
    name = POLICIES[part % len(POLICIES)]
    program = load_policy(name).program
    statements = [statement for title, statement in STATEMENTS.items() if title not in FALSE[name]]
    space = statements_space(program, statements, {})
    checks = checks_of(program, statements)
    shapes = [*topologies(4)[part // len(POLICIES) % _PARTS :: _PARTS], *Random(seed).sample(topologies(5), _SAMPLE)]
    examples = first_of_each(shapes, checks, space)
    assert not any(examples), examples
    print(f"{name}: no host of {len(shapes)} topologies breaks a property")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
