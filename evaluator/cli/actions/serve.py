"""Runs `activenic serve`; needs the extra `service`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NoReturn

from evaluator.cli.append import warn
from evaluator.cli.policy_path import policy_path_of
from evaluator.names.config import read_config
from evaluator.service.application import Service
from evaluator.service.listen import Listen, Tls, listen_mistakes, prepare
from evaluator.service.server import run as run_service
from evaluator.service.settings import Limits, Lookup, Settings


def run(options: argparse.Namespace) -> NoReturn:
    """Serve decisions until a signal ends the service."""
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
    run_service(service, listen, options.drain)


def _mistakes(options: argparse.Namespace) -> Iterator[str]:
    """Yield a message for each option that lacks another option or has an invalid value."""
    if (options.tls_cert is None) != (options.tls_key is None):
        yield "`--tls-cert` and `--tls-key` can only be used together"
    if options.tls_client_ca is not None and options.tls_cert is None:
        yield "`--tls-client-ca` needs `--tls-cert` and `--tls-key`"
    if options.sign_key is not None and options.log is None:
        yield "`--sign-key` needs `--log`"
    for name, value in (("--most-requests", options.most_requests), ("--request-timeout", options.request_timeout)):
        if not value > 0:
            yield f"`{name}` must be greater than 0"
    if not options.drain >= 0:
        yield "`--drain` must not be negative"
