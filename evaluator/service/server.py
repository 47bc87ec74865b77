"""Runs the service with granian, in this process and its event loop, until a signal stops it.

The stop is graceful, in three steps:

1. `/readyz` answers 503, so that load balancers send no more requests. For `drain` seconds, the service still accepts
   and answers all other requests.
2. The server accepts no new connections, and answers the requests that it has already received.
3. The log is closed after all submitted records are written.

A second signal skips the rest of step 1. After SIGHUP, the service immediately reads the policies and the tokens again.

granian also has a mode with a process that starts workers. The embedded mode is used instead, for two reasons. This
module then owns the event loop and the signals, so readiness can change before the server stops. And objects with
secrets need not be sent to another process. The author of granian calls the embedded mode experimental. The same
application runs in any other ASGI server (docs/service.md), and the tests run it in uvicorn too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
from typing import NoReturn

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.service.application import Service
from evaluator.service.listen import Listen

log = logging.getLogger("activenic.service")
_BACKLOG = 2048
_CONNECTIONS = 4096
_MILLISECONDS_FOR_HEADERS = 10_000
_SOCKET_UMASK = 0o117  # the owner and the group of the socket may connect


def run(service: Service, listen: Listen, drain: float) -> NoReturn:
    """Serve until SIGTERM or SIGINT, then end the process with the status 0.

    After the signal, `/readyz` answers 503 for `drain` seconds, and then the server stops. At the end, the interpreter
    is not finalized. The reason is that threads of granian can still have connections, and such a thread crashes if it
    releases Python objects while the interpreter is finalized. Raises QuestionError if the server ends without a
    signal.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s: %(message)s")
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # otherwise a line for each change of a watched folder
    _allow_many_connections()
    asyncio.run(_serve(service, listen, drain))
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def _serve(service: Service, listen: Listen, drain: float) -> None:
    server = _server(service, listen)
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    skipping = asyncio.Event()

    def stop() -> None:
        (skipping if stopping.is_set() else stopping).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, service.reload))
    umask = os.umask(_SOCKET_UMASK)
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(stopping.wait())
    if not serving.done():
        print(f"activenic serves on {listen.url}", file=sys.stderr, flush=True)
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    os.umask(umask)
    if not serving.done():
        service.is_draining = True
        log.info("stopping in %g s: not ready for new requests", drain)
        await _wait_for(skipping, drain)
        server.stop()  # type: ignore[no-untyped-call]
    await serving
    if not stopping.is_set():
        raise QuestionError([Diagnostic("SERVER_ENDED", "the server ended without a signal")])


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _server(service: Service, listen: Listen) -> Server:
    tls = listen.tls
    return Server(
        service.application(),
        address=listen.address,
        port=listen.port,
        uds=listen.unix,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=_MILLISECONDS_FOR_HEADERS),
        log_enabled=False,
        ssl_cert=None if tls is None else tls.cert,
        ssl_key=None if tls is None else tls.key,
        ssl_ca=None if tls is None else tls.client_ca,
        ssl_client_verify=tls is not None and tls.client_ca is not None,
    )


def _allow_many_connections() -> None:
    """Raise the soft limit of open files to the hard limit: each connection is a file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
