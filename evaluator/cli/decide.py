"""`activenic decide`: one report, one host, one policy, one decision."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from evaluator.cli.exits import OF_STATUS
from evaluator.cli.keeping import add_keeping_to, keep, refuse_keeping_without_log
from evaluator.cli.report import add_report_to, report_of
from evaluator.decision import Decision, Status
from evaluator.engine import load_policy
from evaluator.facts.host import HostAddresses
from evaluator.names.config import DEFAULT_TIMEOUT, read_config
from evaluator.names.resolve import resolve_host
from evaluator.policy.parameters import parse_assignments
from evaluator.text import visible

OUTPUTS = ("text", "json", "name")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "decide",
        help="decide which interface the host's address lives on",
        description="Decide which interface of a capability report the host's address lives on.",
        allow_abbrev=False,
    )
    add_report_to(parser)
    host = parser.add_mutually_exclusive_group()
    host.add_argument("--host", metavar="NAME", help="the host's name or address")
    host.add_argument("--address", metavar="IP", action="append", help="an address of the host; may be repeated")
    parser.add_argument("--policy", default="strict", help="a shipped policy or a policy file (default: strict)")
    parser.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter of the policy; may be repeated",
    )
    parser.add_argument("--output", default="text", choices=OUTPUTS, help="what to print (default: text)")
    names = parser.add_argument_group("look-up of --host")
    servers = "a name server; may be repeated (default: the system's)"
    names.add_argument("--dns-server", metavar="IP#PORT", action="append", default=[], help=servers)
    seconds = f"seconds for the whole look-up (default: {DEFAULT_TIMEOUT:.0f})"
    names.add_argument("--dns-timeout", metavar="S", type=float, default=DEFAULT_TIMEOUT, help=seconds)
    names.add_argument("--hosts", metavar="FILE", type=Path, help="a hosts file that is asked first")
    names.add_argument("--require-complete", action="store_true", help="an answer set in which a family failed is none")
    add_keeping_to(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    refuse_keeping_without_log(options)
    policy = load_policy(options.policy)
    parameters = parse_assignments(policy.program, options.param)
    report = report_of(options)
    decision = policy.decide(report, _host(options), **parameters)  # type: ignore[arg-type]
    keep(decision, options)
    _print(decision, options.output)
    return OF_STATUS[decision.status]


def _host(options: argparse.Namespace) -> HostAddresses:
    if options.host is None:
        read_config(options.dns_server, options.dns_timeout)  # wrong options are wrong although nothing is asked
        return HostAddresses.of(*(options.address or ()))
    return resolve_host(
        options.host,
        servers=options.dns_server,
        timeout=options.dns_timeout,
        hosts_file=options.hosts,
        require_complete=options.require_complete,
    )


def _print(decision: Decision, output: str) -> None:
    if output == "json":
        print(decision.to_json())
    elif output == "name":
        if decision.status is Status.RESOLVED:
            print(visible(decision.host_active_nic or ""))
    else:
        from evaluator.render.text import print_decision  # noqa: PLC0415 -- rich, only where it is shown

        print_decision(decision, sys.stdout)
