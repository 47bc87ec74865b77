"""What `scenarios/*.yaml` say: how a host is built, what is asked about it. A misspelt key is an error, not a gap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SUBJECTS = {"addresses", "host", "peer"}
# the command requires a host address; way-out.yaml does not use it, and no interface has this one
_ANY_ADDRESS = ("--address", "198.18.0.1")
_DEAD_SERVER = ("--dns-server", "127.0.0.1#9", "--dns-timeout", "0.2")


@dataclass(frozen=True, slots=True)
class Question:
    """Whose are these addresses? Instead: a host name that no server answers for, or by which interface to a peer?"""

    addresses: tuple[str, ...]
    host: str | None
    peer: str | None
    status: str
    host_active_nic: str | None
    owners: tuple[str, ...]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The question as the command takes it."""
        if self.host is not None:
            return ("--host", self.host, *_DEAD_SERVER)
        if self.peer is not None:
            return (*_ANY_ADDRESS, "--policy", str(_HERE / "way-out.yaml"), "--param", f"peer={self.peer}")
        return tuple(word for address in self.addresses for word in ("--address", address))


@dataclass(frozen=True, slots=True)
class Scenario:
    """One host. Its name is also that of its network namespace."""

    name: str
    build: str
    questions: tuple[Question, ...]

    @property
    def batch(self) -> str:
        r"""The commands as `ip -batch` reads them; `\xNN` is that byte, which YAML cannot hold."""
        lines = [line.removeprefix("ip ") for line in self.build.splitlines() if line]
        raw = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), "\n".join(lines).encode())
        return raw.decode(errors="surrogateescape") + "\n"


def read_scenarios() -> tuple[Scenario, ...]:
    """Return all scenarios, in the order of the files and of what stands in them."""
    scenarios = tuple(scenario for file in sorted(_HERE.glob("scenarios/*.yaml")) for scenario in _scenarios(file))
    names = [scenario.name for scenario in scenarios]
    assert len(names) == len(set(names)), f"a scenario's name stands twice in {sorted(names)}"
    return scenarios


def _scenarios(file: Path) -> Iterator[Scenario]:
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
        _only(entry, {"name", "nics", "repeat", "build", "questions"})
        name, build = entry["name"], list(_build(entry))
        assert _NAME.fullmatch(name), f"`{name}` is no scenario's name: lower case words joined by `-`"
        assert all(line.startswith("ip ") for line in build), f"`{name}` is built by `ip` commands, one a line"
        yield Scenario(name, "\n".join(build), tuple(map(_question, entry["questions"])))


def _build(entry: Mapping[str, Any]) -> Iterator[str]:
    for nic in entry.get("nics", ()):
        yield f"ip link add {nic} type dummy"
    for line in entry["build"].splitlines():
        repeated = range(1, entry["repeat"] + 1) if "{n}" in line else range(1)
        yield from (line.replace("{n}", str(n)) for n in repeated)


def _question(entry: Mapping[str, Any]) -> Question:
    _only(entry, {*_SUBJECTS, "status", "hostActiveNic", "owners"})
    assert len(_SUBJECTS & set(entry)) == 1, f"a question is about one of {sorted(_SUBJECTS)}: {entry}"
    return Question(
        addresses=tuple(entry.get("addresses", ())),
        host=entry.get("host"),
        peer=entry.get("peer"),
        status=entry["status"],
        host_active_nic=entry.get("hostActiveNic"),
        owners=tuple(entry.get("owners", ())),
    )


def _only(entry: Mapping[str, Any], known: set[str]) -> None:
    assert set(entry) <= known, f"unknown keys {sorted(set(entry) - known)}; known are {sorted(known)}"
