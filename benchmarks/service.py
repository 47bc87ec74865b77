"""What a request costs: processor time of the service, as a ratio to a bare handler of the same server.

Run: python -m benchmarks.service [--seconds S] [--interfaces N]. It needs `wrk` (Debian's package) and Linux.

The bare handler runs in the same server with the same router. It reads the body and returns a constant of the size of
the answer. Each variant is asked the same question, in turns, so that the load of the machine changes all variants
alike. The processor time of the server process is read from /proc, so waiting and the load generator do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from evaluator import Decision, load_policy
from evaluator.testing.terse_topology import read_topology

SMALL = "/v1/decisions?fields=status,hostActiveNic,refusals,decision_id"
DOCUMENT = "/v1/decisions"
ROUNDS = 5
CONNECTIONS = (1, 4, 16, 64, 192)
_TICKS = os.sysconf("SC_CLK_TCK")
BARE = """
import sys
from pathlib import Path
from starlette.responses import Response
from starlette.routing import Route, Router
from evaluator.service.listen import Listen
from evaluator.service.server import run

class Bare:
    is_draining = False
    def application(self):
        return Router([Route("/v1/decisions", self.post, methods=["POST"])])
    async def post(self, request):
        await request.body()
        return Response(ANSWERS[request.url.query], media_type="application/json")
    def reload(self):
        pass

ANSWERS = {"": b"x" * int(sys.argv[3]), sys.argv[1]: b"x" * 150}
run(Bare(), Listen(unix=None, port=int(sys.argv[2])), 0)
"""


class Variant(Struct, frozen=True):
    """A server process and a path of it."""

    name: str
    pid: int
    port: int
    path: str


class Measured(Struct, frozen=True):
    """The result of one run of wrk."""

    requests: int
    cpu: float
    seconds: float
    median_latency: str

    @property
    def microseconds(self) -> float:
        """Processor time of a request."""
        return 1e6 * self.cpu / self.requests


def question(interfaces: int) -> bytes:
    """Return a question about a bond with a VLAN, and as many other interfaces."""
    others = "; ".join(f"eth{n} has 198.51.{n >> 8}.{n & 255}/32" for n in range(interfaces - 4))
    report = read_topology(f"bond0.7 on bond0 has 192.0.2.10/24; bond0 over ens1, ens2; {others}".rstrip("; "))
    return json.dumps({"report": report, "addresses": ["192.0.2.10"]}).encode()


def document_size(body: bytes) -> int:
    """Return the size of the document that answers a question."""
    (decision,) = load_policy("strict").decide_each([body])
    assert isinstance(decision, Decision)
    return len(decision.to_json())


def cpu_of(pid: int) -> float:
    """Return the processor time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measure(variant: Variant, script: Path, connections: int, seconds: int) -> Measured:
    """Ask a server with some connections for some seconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
    before, started = cpu_of(variant.pid), time.perf_counter()
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{variant.port}{variant.path}"], capture_output=True, text=True, check=True
    )
    elapsed, cpu = time.perf_counter() - started, cpu_of(variant.pid) - before
    if "Non-2xx" in done.stdout:
        raise SystemExit(done.stdout)
    (requests,) = re.findall(r"(\d+) requests in", done.stdout)
    (latency,) = re.findall(r"^\s+50%\s+(\S+)$", done.stdout, re.MULTILINE)
    return Measured(int(requests), cpu, elapsed, latency)


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[int]:
    """Run a server until the block ends; wait until it reports that it serves."""
    with subprocess.Popen([sys.executable, *command], cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "serves on" in line:
                break
        try:
            yield process.pid
        finally:
            process.terminate()
            process.stderr.close()


def lua(body: bytes, folder: Path) -> Path:
    """Write the script by which wrk posts a body."""
    (folder / "body").write_bytes(body)
    script = folder / "post.lua"
    script.write_text(
        f'local f = io.open("{folder}/body", "rb"); wrk.body = f:read("*a"); f:close()\n'
        'wrk.method = "POST"; wrk.headers["content-type"] = "application/json"\n'
    )
    return script


def compare(variants: list[Variant], script: Path, seconds: int) -> None:
    """Print the processor time of each variant as a ratio to the bare handler with the same answer."""
    rounds: dict[str, list[float]] = {variant.name: [] for variant in variants}
    for _ in range(ROUNDS):
        for variant in variants:
            rounds[variant.name].append(measure(variant, script, 16, seconds).microseconds)
    medians = {name: statistics.median(times) for name, times in rounds.items()}
    for name, times in rounds.items():
        base = medians["bare, document"] if "document" in name else medians["bare, small"]
        spread = f"{min(times):.0f} to {max(times):.0f}"
        print(f"  {name:<22} {medians[name]:6.0f} µs of processor time ({spread}), {medians[name] / base:5.2f} × bare")


def grow(variants: list[Variant], script: Path, seconds: int) -> None:
    """Print how processor time and rate change with the number of connections."""
    for variant in variants:
        results = [(count, measure(variant, script, count, seconds)) for count in CONNECTIONS]
        first = results[0][1]
        cells = [
            f"{count}: {result.microseconds / first.microseconds:.2f} × the time, "
            f"{result.requests / result.seconds / (first.requests / first.seconds):.2f} × the rate, "
            f"median {result.median_latency}"
            for count, result in results
        ]
        print(f"  {variant.name}, by connections:\n    " + "\n    ".join(cells))


def main() -> None:
    """Print all ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--interfaces", type=int, default=8)
    options = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("granian", "starlette", "msgspec"))
    print(f"{platform.python_implementation()} {platform.python_version()}, {packages}, {os.cpu_count()} processors")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        body = question(options.interfaces)
        script = lua(body, folder)
        serve = ["-m", "evaluator", "serve", "--drain", "0", "--port"]
        service = stack.enter_context(running([*serve, "18190"], folder))
        size = document_size(body)
        bare = stack.enter_context(running(["-c", BARE, SMALL.partition("?")[2], "18191", str(size)], folder))
        logged = stack.enter_context(running([*serve, "18192", "--log", "d.log"], folder))
        variants = [
            Variant("bare, small", bare, 18191, SMALL),
            Variant("small answer", service, 18190, SMALL),
            Variant("bare, document", bare, 18191, DOCUMENT),
            Variant("document", service, 18190, DOCUMENT),
            Variant("document, logged", logged, 18192, DOCUMENT),
        ]
        print(f"a question of {len(body)} bytes with {options.interfaces} interfaces:")
        compare(variants, script, options.seconds)
        grow(variants[1:2] + variants[-1:], script, options.seconds)


if __name__ == "__main__":
    main()
