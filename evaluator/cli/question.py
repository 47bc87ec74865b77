"""The command-line arguments that give the inputs of a decision: a report, a host, a policy and its parameters."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.cli.problems import print_problem
from evaluator.cli.report import add_report_options_to, add_report_to, report_mistakes, report_of
from evaluator.decision.decision import Decision
from evaluator.engine import Policy, load_policy
from evaluator.facts.host_addresses import HostAddresses
from evaluator.names.config import DEFAULT_TIMEOUT, read_config
from evaluator.policy.language.environment import Literal
from evaluator.policy.language.program import Program
from evaluator.policy.parameters import parse_assignments
from evaluator.policy.source.find import LARGEST_POLICY


def add_question_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the inputs of a decision."""
    add_report_to(parser)
    add_question_options_to(parser)


def add_question_options_to(parser: argparse.ArgumentParser) -> None:
    """Add the options for the inputs of a decision, without the argument REPORT."""
    add_report_options_to(parser)
    host = parser.add_mutually_exclusive_group()
    host.add_argument("--host", metavar="NAME", help="the host's name or address")
    host.add_argument("--address", metavar="IP", action="append", help="an address of the host; may be repeated")
    policy = "a shipped policy, a policy file, or - for standard input (default: strict)"
    parser.add_argument("--policy", metavar="POLICY", default="strict", help=policy)
    add_policy_path_to(parser)
    parameter = "a parameter of the policy; may be repeated"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)
    names = parser.add_argument_group("resolving the name in --host")
    add_lookup_options_to(names)
    complete = "treat the lookup as failed if the A or the AAAA query fails"
    names.add_argument("--require-complete", action="store_true", help=complete)


def add_lookup_options_to(group: argparse._ArgumentGroup) -> None:
    """Add the options for resolving a host name."""
    servers = "a name server; may be repeated (default: the system's name servers)"
    group.add_argument("--dns-server", metavar="IP#PORT", action="append", default=[], help=servers)
    seconds = f"time limit for resolving the name, in seconds (default: {DEFAULT_TIMEOUT:.0f})"
    group.add_argument("--dns-timeout", metavar="S", type=float, default=DEFAULT_TIMEOUT, help=seconds)
    group.add_argument("--hosts", metavar="FILE", type=Path, help="a hosts file that is searched before DNS")


def decide_on(options: argparse.Namespace) -> Decision:
    """Return the decision on the inputs in the arguments.

    Ends the program with a usage error if arguments contradict each other, or if no host address was given. Raises
    QuestionError if an input is invalid.
    """
    mistakes = report_mistakes(options)
    if options.host is None and options.address is None:
        mistakes.append("no host address was given: give `--host` or `--address`")
    if options.policy == options.report == "-":
        mistakes.append("standard input can be the report or the policy, not both")
    if mistakes:
        options.parser.error("; ".join(mistakes))
    policy = _policy(options)
    parameters = parse_assignments(policy.program, options.param)
    if parameters:
        _print_value_warnings(policy.program, parameters)
    report = report_of(options)
    return policy.decide(report, _host(options), parameters=parameters)


def _policy(options: argparse.Namespace) -> Policy:
    folders = policy_path_of(options)
    if options.policy != "-":
        return load_policy(options.policy, policy_path=folders)
    if sys.stdin is None:
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", "standard input is closed")])
    return load_policy(text=sys.stdin.buffer.read(LARGEST_POLICY + 1), path="<stdin>", policy_path=folders)


def _print_value_warnings(program: Program, parameters: Mapping[str, Literal]) -> None:
    """Print warnings about the values of parameters. Only `check` prints warnings about the policy itself."""
    from evaluator.policy.lint.parameter_values import warnings_of  # noqa: PLC0415 -- only if needed

    for warning in warnings_of(program, parameters):
        print_problem(warning)


def _host(options: argparse.Namespace) -> HostAddresses:
    if options.host is None:
        read_config(options.dns_server, options.dns_timeout)  # check the options even if no name is resolved
        return HostAddresses.of(*options.address)
    from evaluator.names.resolve import resolve_host  # noqa: PLC0415 -- asyncio, only if needed

    return resolve_host(
        options.host,
        servers=options.dns_server,
        timeout=options.dns_timeout,
        hosts_file=options.hosts,
        require_complete=options.require_complete,
    )
