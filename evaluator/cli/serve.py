"""`activenic serve`: the HTTP service."""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluator.cli.action import Action, Extra
from evaluator.cli.policy_path import add_policy_path_to
from evaluator.cli.question import add_lookup_options_to

PORT = 8181
_SERVICE = Extra("service", ("granian", "starlette", "prometheus_client", "watchfiles"), "the service cannot run")
_SERVE = Action("evaluator.cli.actions.serve:run", (_SERVICE,))


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Serve decisions over HTTP, for programs that are not written in Python. Without options, the service listens "
        "on 127.0.0.1. docs/service.md describes the requests, the protection and the operation."
    )
    _add_listen_options_to(parser.add_argument_group("the address of the service"))
    _add_policy_options_to(parser)
    kept = parser.add_argument_group("logging decisions").add_mutually_exclusive_group()
    kept.add_argument(
        "--log", metavar="FILE", type=Path, help="append each decision to this log before the decision is sent"
    )
    lines = "write the record of each decision as a line of JSON before the decision is sent; - means standard output"
    kept.add_argument("--log-to", metavar="-", choices=("-",), help=lines)
    parser.add_argument("--sign-key", metavar="FILE", type=Path, help="with --log, the private key that signs records")
    names = parser.add_argument_group("name resolution, for a question that contains no DNS answers")
    add_lookup_options_to(names)
    _add_limits_to(parser.add_argument_group("limits"))
    parser.set_defaults(run=_SERVE, parser=parser)


def _add_listen_options_to(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--bind", metavar="ADDRESS", default="127.0.0.1", help="an IP address (default: 127.0.0.1)")
    group.add_argument("--port", metavar="N", type=_port, default=PORT, help=f"the TCP port (default: {PORT})")
    group.add_argument("--unix", metavar="PATH", type=Path, help="listen on a Unix socket instead")
    tokens = "accept only requests that have one of the tokens in this file; the file has one token in each line"
    group.add_argument("--token-file", metavar="FILE", type=Path, help=tokens)
    group.add_argument("--tls-cert", metavar="FILE", type=Path, help="the certificate of the service, in PEM")
    group.add_argument("--tls-key", metavar="FILE", type=Path, help="the private key of the certificate")
    clients = "accept only clients whose certificate was issued by one of the authorities in this file (mutual TLS)"
    group.add_argument("--tls-client-ca", metavar="FILE", type=Path, help=clients)


def _add_policy_options_to(parser: argparse.ArgumentParser) -> None:
    policies = "a policy file, or a folder of policy files; changed files are loaded again; may be repeated"
    parser.add_argument("--policies", metavar="DIR", action="append", type=Path, default=[], help=policies)
    policy = "the policy to use if a question does not name a policy (default: strict)"
    parser.add_argument("--policy", metavar="NAME", default="strict", help=policy)
    add_policy_path_to(parser)


def _add_limits_to(group: argparse._ArgumentGroup) -> None:
    requests = "how many requests are handled at the same time; further requests get the status 429 (default: 256)"
    group.add_argument("--most-requests", metavar="N", type=int, default=256, help=requests)
    seconds = "the time for one request, in seconds (default: 30)"
    group.add_argument("--request-timeout", metavar="S", type=float, default=30.0, help=seconds)
    drain = "after SIGTERM, /readyz answers 503 at once; the service stops after this number of seconds (default: 5)"
    group.add_argument("--drain", metavar="S", type=float, default=5.0, help=drain)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise argparse.ArgumentTypeError(f"invalid port `{text}`")
    return int(text)
