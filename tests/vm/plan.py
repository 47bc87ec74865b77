"""Scenarios → what the guest is to run, in order: first every host is built, then each is asked.

In between the kernel has seconds for what it does in its own time: carriers, and the search for duplicate addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.vm.scenario import Scenario

NAMESPACE, BUILD, ADDRESSES, COLLECT, SEPARATE = "namespace", "build", "addresses", "collect", "separate"
SHOWN = (ADDRESSES, "routes", "routes6")


@dataclass(frozen=True, slots=True)
class Step:
    """One command, run inside of the namespace if there is one; the runner calls `activenic` in its own process."""

    scenario: str
    name: str
    argv: tuple[str, ...]
    namespace: str | None = None
    stdin: str = ""


def live(number: int) -> str:
    """Return the name of the step that asks a scenario's question from within."""
    return f"live-{number}"


def netns(number: int) -> str:
    """Return the name of the step that asks it from outside, by the namespace's name."""
    return f"netns-{number}"


def kernel(number: int) -> str:
    """Return the name of the step that asks the kernel itself for its way to a question's peer."""
    return f"kernel-{number}"


def plan(scenarios: Sequence[Scenario], activenic: str) -> tuple[Step, ...]:
    """Return all steps for one guest; `activenic` is the command that asks the first question as a process, too."""
    first = scenarios[0]
    builds = [step for scenario in scenarios for step in _builds(scenario)]
    settle = Step(first.name, "settle", ("sleep", "3"))
    questions = [step for scenario in scenarios for step in _questions(scenario)]
    return (*builds, settle, *questions, _separate(first, activenic))


def _builds(scenario: Scenario) -> Iterator[Step]:
    name = scenario.name
    yield Step(name, NAMESPACE, ("ip", "netns", "add", name))
    yield Step(name, BUILD, ("ip", "-n", name, "-batch", "-"), stdin=scenario.batch)


def _questions(scenario: Scenario) -> Iterator[Step]:
    name = scenario.name
    yield Step(name, ADDRESSES, ("ip", "-n", name, "-j", "-d", "address", "show"))
    yield Step(name, "routes", ("ip", "-n", name, "-j", "route", "show"))
    yield Step(name, "routes6", ("ip", "-n", name, "-j", "-6", "route", "show"))
    yield Step(name, COLLECT, ("activenic", "collect"), namespace=name)
    for number, question in enumerate(scenario.questions):
        ask = (*question.arguments, "--output", "json")
        yield Step(name, live(number), ("activenic", "decide", "--live", *ask), namespace=name)
        if number == 0:
            yield Step(name, netns(number), ("activenic", "decide", "--live", "--netns", name, *ask))
        if question.peer is not None:
            yield Step(name, kernel(number), ("ip", "-n", name, "-j", "route", "get", question.peer))


def _separate(scenario: Scenario, activenic: str) -> Step:
    ask = (*scenario.questions[0].arguments, "--output", "json")
    return Step(scenario.name, SEPARATE, (activenic, "decide", "--live", *ask), namespace=scenario.name)
