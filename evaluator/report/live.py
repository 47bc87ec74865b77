"""Reads interfaces, addresses and routes of this machine by netlink, in the form of `ip -j -d addr` and `ip -j route`.

No process is started. A separate thread enters the network namespace and ends after the query. So the namespace of the
caller's thread does not change. The extra `live` installs pyroute2.
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
from evaluator.report.netlink_json import address_to_json, link_to_json, route_to_json

_INET, _INET6 = 2, 10
_MAIN_TABLE = 254
_NAMESPACES = Path("/run/netns")
_CLONE_NEWNET = 0x40000000


def collect(netns: str | None = None) -> dict[str, object]:
    """Return the report of this machine, or of one of its named network namespaces.

    Shape: `schema_version`, `addr` (as `ip -j -d addr`), `route` and `route6` (as `ip -j route`). In the names of
    interfaces, octets that are not UTF-8 are escaped (`kernel_names.py`). Raises ReportError if the kernel returns an
    error or the namespace does not exist. Raises ExtraMissingError if pyroute2 is not installed.
    """
    pyroute2 = _pyroute2()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(_collect, pyroute2, netns).result()


def _pyroute2() -> ModuleType:
    try:
        import pyroute2  # noqa: PLC0415 -- an extra, which only `collect` needs
    except ImportError:
        raise extra_missing("cannot read the interfaces of this machine", "pyroute2", "live") from None
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
        subject = "this machine" if netns is None else f"the network namespace {quote(netns)}"
        message = f"cannot read the interfaces of {subject}: {reason_of(error)}"
        raise ReportError([Diagnostic(ReportCode.UNREADABLE, message)]) from None
    except pyroute2.netlink.exceptions.NetlinkError as error:
        message = f"the kernel returned an error: {str(error).lower()}"
        raise ReportError([Diagnostic(ReportCode.UNREADABLE, message)]) from None
    return _document(links, addresses, {"route": routes, "route6": routes6})


def _enter(netns: str) -> None:
    """Move this thread into a named network namespace (setns(2)). Raises OSError if this fails."""
    if not netns or "/" in netns or "\0" in netns or netns in (".", ".."):
        raise FileNotFoundError(errno.ENOENT, "invalid name; use a name that `ip netns` lists")
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
    names = {index: link_to_json(message, {})["ifname"] for index, message in interfaces.items()}
    of_link: dict[int, list[dict[str, object]]] = {index: [] for index in interfaces}
    for message in addresses:  # a link may have been added or removed between the two queries
        of_link.get(int(str(message["index"])), []).append(address_to_json(message))
    addr = [{**link_to_json(message, names), "addr_info": of_link[index]} for index, message in interfaces.items()]
    tables = {key: [route_to_json(message, names) for message in messages] for key, messages in routes.items()}
    return {"schema_version": 1, "addr": addr, **tables}
