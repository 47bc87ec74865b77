"""This machine as a report: what `ip -j -d addr` and `ip -j route` would print, asked by netlink.

No process is started. A network namespace is entered by one thread that ends with the question, so
that the caller's own namespace is never left. The extra `live` brings pyroute2.
"""

from __future__ import annotations

import concurrent.futures
import ctypes
import errno
import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError, extra_missing
from evaluator.base.text import quote, reason_of
from evaluator.report.netlink_words import words_of_address, words_of_link, words_of_route

_INET, _INET6 = 2, 10
_MAIN_TABLE = 254
_NAMESPACES = Path("/run/netns")
_CLONE_NEWNET = 0x40000000


def collect(netns: str | None = None) -> dict[str, object]:
    """Return the report of this machine, or of one of its named network namespaces.

    Shape: `schema_version`, `addr` (as `ip -j -d addr`), `route` and `route6` (as `ip -j route`), with
    names made readable. ReportError where the kernel refuses or the namespace is not there;
    ExtraMissingError without pyroute2.
    """
    pyroute2 = _pyroute2()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(_collect, pyroute2, netns).result()


def _pyroute2() -> ModuleType:
    try:
        import pyroute2  # noqa: PLC0415 -- an extra, only where this machine is asked
    except ImportError:
        raise extra_missing("this machine cannot be asked", "pyroute2", "live") from None
    module: ModuleType = pyroute2
    return module


def _collect(pyroute2: ModuleType, netns: str | None) -> dict[str, object]:
    try:
        if netns is not None:
            _enter(netns)
        with pyroute2.IPRoute() as kernel:
            links = list(kernel.get_links())
            addresses = [*kernel.get_addr(family=_INET), *kernel.get_addr(family=_INET6)]
            routes, routes6 = (list(kernel.get_routes(family=f, table=_MAIN_TABLE)) for f in (_INET, _INET6))
    except OSError as error:
        where = "this machine" if netns is None else f"the network namespace {quote(netns)}"
        message = f"{where} cannot be asked: {reason_of(error)}"
        raise ReportError([Diagnostic(ReportCode.UNREADABLE, message)]) from None
    except pyroute2.netlink.exceptions.NetlinkError as error:
        message = f"the kernel refuses: {str(error).lower()}"
        raise ReportError([Diagnostic(ReportCode.UNREADABLE, message)]) from None
    return _document(links, addresses, {"route": routes, "route6": routes6})


def _enter(netns: str) -> None:
    """Move this thread into a named network namespace (setns(2)); OSError where that fails."""
    if not netns or "/" in netns or "\0" in netns or netns in (".", ".."):
        raise FileNotFoundError(errno.ENOENT, "a network namespace is named as in `ip netns`")
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(_NAMESPACES / netns, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


def _document(
    links: list[Mapping[str, object]],
    addresses: list[Mapping[str, object]],
    routes: Mapping[str, list[Mapping[str, object]]],
) -> dict[str, object]:
    interfaces = {int(str(message["index"])): message for message in links}
    names = {index: words_of_link(message, {})["ifname"] for index, message in interfaces.items()}
    of_link: dict[int, list[dict[str, object]]] = {index: [] for index in interfaces}
    for message in addresses:  # a link may have come or gone between the two questions
        of_link.get(int(str(message["index"])), []).append(words_of_address(message))
    addr = [{**words_of_link(message, names), "addr_info": of_link[index]} for index, message in interfaces.items()]
    ways = {key: [words_of_route(message, names) for message in found] for key, found in routes.items()}
    return {"schema_version": 1, "addr": addr, **ways}
