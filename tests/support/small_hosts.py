"""Decides every host of five interfaces: no property is broken except those that are meant to be false.

    python -m tests.support.small_hosts POLICY PART

A part is a sixtieth of the topologies of four and of five interfaces, so all parts together have every host of the
policy. Here, hosts of every size have up to two host addresses.
"""

from __future__ import annotations

import sys

from msgspec.structs import replace

from evaluator import load_policy
from evaluator.verify.bounded import first_of_each
from evaluator.verify.search import checks_of, statements_space
from evaluator.verify.topologies import topologies
from tests.verify.test_search import FALSE, STATEMENTS

PARTS = 60
_SIZES = (4, 5)


def main(name: str, part: int) -> None:
    """Decide the hosts of one part. Raises AssertionError if a property is broken."""
    program = load_policy(name).program
    statements = [statement for title, statement in STATEMENTS.items() if title not in FALSE[name]]
    space = replace(statements_space(program, statements, {}), most_with_two_answers=max(_SIZES))
    shapes = [shape for size in _SIZES for shape in topologies(size)[part % PARTS :: PARTS]]
    examples = first_of_each(shapes, checks_of(program, statements), space)
    assert not any(examples), examples
    print(f"{name}: no host of {len(shapes)} topologies breaks a property")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
