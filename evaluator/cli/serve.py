"""`activenic serve`: the HTTP service."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from evaluator.base.diagnostic import require_package
from evaluator.cli.append import warn
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.cli.question import add_lookup_options_to

PORT = 8181


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Serve decisions over HTTP, for engines in other languages. Without options, the service listens on 127.0.0.1. "
        "docs/service.md describes the requests, the protection and the operation."
    )
    _add_listen_options_to(parser.add_argument_group("where to listen"))
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
    parser.set_defaults(run=_run, parser=parser)


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
    policy = "the name of the policy that decides questions without a policy name (default: strict)"
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


def _run(options: argparse.Namespace) -> NoReturn:
    for package in ("granian", "starlette", "prometheus_client", "watchfiles"):
        require_package("the service cannot run", package, "service")
    from evaluator.names.config import read_config  # noqa: PLC0415 -- as below
    from evaluator.service.application import Service  # noqa: PLC0415 -- an extra
    from evaluator.service.listen import Listen, Tls, listen_mistakes, prepare  # noqa: PLC0415 -- an extra
    from evaluator.service.server import run  # noqa: PLC0415 -- an extra
    from evaluator.service.settings import Limits, Lookup, Settings  # noqa: PLC0415 -- an extra

    has_tokens = options.token_file is not None
    tls = None if options.tls_cert is None else Tls(options.tls_cert, options.tls_key, options.tls_client_ca)
    listen = Listen(options.bind, options.port, options.unix, tls)
    mistakes = [*_mistakes(options), *listen_mistakes(listen, has_tokens)]
    if mistakes:
        options.parser.error("; ".join(mistakes))
    read_config(options.dns_server, options.dns_timeout)
    service = Service(
        Settings(
            policies=tuple(options.policies),
            policy_path=policy_path_of(options),
            default_policy=options.policy,
            log=options.log,
            sign_key=options.sign_key,
            writes_records=options.log_to is not None,
            tokens=options.token_file,
            hosts=listen.accepted_hosts(has_tokens),
            lookup=Lookup(tuple(options.dns_server), options.dns_timeout, options.hosts),
            limits=Limits(requests=options.most_requests, seconds=options.request_timeout),
        )
    )
    warn((*service.warnings(), *prepare(listen, has_tokens)))
    run(service, listen, options.drain)


def _mistakes(options: argparse.Namespace) -> Iterator[str]:
    """Yield a message for each option that lacks another option or has an invalid value."""
    if (options.tls_cert is None) != (options.tls_key is None):
        yield "`--tls-cert` and `--tls-key` need each other"
    if options.tls_client_ca is not None and options.tls_cert is None:
        yield "`--tls-client-ca` needs `--tls-cert` and `--tls-key`"
    if options.sign_key is not None and options.log is None:
        yield "`--sign-key` needs `--log`"
    for name, value in (("--most-requests", options.most_requests), ("--request-timeout", options.request_timeout)):
        if not value > 0:
            yield f"`{name}` must be greater than 0"
    if not options.drain >= 0:
        yield "`--drain` must not be negative"
