"""The time of `activenic check` by the number of rules, compared with parsing the same sentences.

Run: python benchmarks/check.py. The policies have match, discard, reject and warn rules with different literals, as a
large site would write them. Each figure is the median of rounds that alternate.
"""

from __future__ import annotations

import io
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import lark

from evaluator.cli.main import main
from evaluator.policy.syntax.parse import lalr_parser

SIZES = (50, 100, 200, 500)
ROUNDS = 3
SENTENCES = (
    'discard nic when nic.name like ["docker{0}*", "virbr{0}*"] and nic is bridge',
    "reject nic when nic is vlan and nic.vlan_id is known and nic.vlan_id = {0}",
    'discard nic when some address in nic.addresses satisfies address in cidr("10.{1}.{2}.0/24")',
    'warn nic when nic is bond and count(nic.slaves) < 2 and nic.name = "bond{0}"',
)


def sentences(count: int) -> list[str]:
    """Return different sentences; the first one matches."""
    made = [SENTENCES[at % len(SENTENCES)].format(at, at >> 8, at & 255) for at in range(count - 1)]
    choosing = sorted(made, key=lambda text: not text.startswith("discard"))  # before the rules that judge
    return ["match nic when nic.addresses overlaps host.addresses", *choosing]


def policy(count: int) -> str:
    """Return a policy with this number of rules."""
    lines = ["policy: large", "rules:"]
    for at, sentence in enumerate(sentences(count)):
        lines += [f"  - name: rule-{at}", f"    rule: '{sentence}'"]
        if sentence.startswith(("reject", "warn")):
            lines += [f"    code: CODE_{at}", "    message: '{nic.name} is not allowed'"]
    return "\n".join(lines) + "\n"


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def check(path: Path) -> None:
    """Check a policy without printing the result."""
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as problems:
        status = main(["check", str(path)])
    assert status == 0, problems.getvalue()
    assert printed.getvalue()


def parse(texts: list[str]) -> None:
    """Parse sentences without checking them."""
    parser = lalr_parser()
    for text in texts:
        parser.parse(text)


def main_() -> None:
    """Print the medians and their ratios."""
    print(f"CPython {platform.python_version()}, lark {lark.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"large-{size}.yaml"
            path.write_text(policy(size))
            texts = sentences(size)
            times = [
                (seconds(lambda path=path: check(path)), seconds(lambda texts=texts: parse(texts)))
                for _ in range(ROUNDS)
            ]
            checked, parsed = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"{size:4} rules: check {checked:5.2f} s, {checked / parsed:4.1f} times parsing the sentences")


if __name__ == "__main__":
    main_()
