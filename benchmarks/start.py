"""The time from the start of a process to its first decision, as ratios to the start of the interpreter.

Run: python benchmarks/start.py, in an environment that contains only activenic, because the packages for tests make
lark slower. Each number is the median of many processes, which run alternately. Compiled modules are on the disk, as
after every installation. `to the decision` does not include the end of the process.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import evaluator

ROUNDS = 25
EXAMPLE = Path(__file__).parent.parent / "policies" / "examples" / "bond.json"
ADDRESS = "192.0.2.10"
LIBRARY = """
import sys, evaluator
policy = evaluator.load_policy(sys.argv[1])
with open(sys.argv[2], "rb") as file:
    report = evaluator.read_report(file.read())
decision = policy.decide(report, evaluator.HostAddresses.of(sys.argv[3]))
assert decision.host_active_nic == "bond0"
"""
TO_THE_DECISION = f"{LIBRARY}\nimport os; os._exit(0)"
COMMAND = "import sys; from evaluator.cli.main import main; sys.exit(main())"
PACKAGES = ("msgspec", "jsonschema-rs", "lark", "pyyaml", "rich")


def commands(own_policy: str) -> dict[str, list[str]]:
    """Return the command lines by their names in the table."""
    question = [str(EXAMPLE), ADDRESS]
    decide = ["-c", COMMAND, "decide", str(EXAMPLE), "--address", ADDRESS]
    arguments = {
        "bare interpreter": ["-c", "pass"],
        "msgspec alone": ["-c", "import msgspec"],
        "msgspec and jsonschema-rs alone": ["-c", "import msgspec, jsonschema_rs"],
        "import evaluator": ["-c", "import evaluator"],
        "import the functions": ["-c", "from evaluator import HostAddresses, load_policy, read_report"],
        "library, to the decision": ["-c", TO_THE_DECISION, "strict", *question],
        "library": ["-c", LIBRARY, "strict", *question],
        "library, a policy file": ["-c", LIBRARY, own_policy, *question],
        "command, --output name": [*decide, "--output", "name"],
        "command, --output json": [*decide, "--output", "json"],
        "command, --output text": decide,
        "command, --help": ["-c", COMMAND, "--help"],
    }
    return {name: [sys.executable, *given] for name, given in arguments.items()}


def seconds(command: list[str], environment: Mapping[str, str]) -> float:
    """Run a process and return its duration in seconds."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.yaml"
        own.write_text(evaluator.load_policy("strict").program.text, encoding="utf-8")
        started = commands(str(own))
        for command in started.values():
            seconds(command, environment)
        taken: dict[str, list[float]] = {name: [] for name in started}
        for _ in range(ROUNDS):
            for name, command in started.items():
                taken[name].append(seconds(command, environment))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    print(f"activenic {evaluator.__version__}, Python {platform.python_version()}, {versions}; medians of {ROUNDS}")
    print("| process | times a bare interpreter |")
    print("| --- | --- |")
    for name, median in medians.items():
        print(f"| {name} | {median / medians['bare interpreter']:.1f} |")


if __name__ == "__main__":
    main()
