"""Finds the nmstate report in Kubernetes objects of kubernetes-nmstate.

A NodeNetworkState has the output of nmstate in `status.currentState`. `kubectl get` prints one object, or a List of
several objects. The kinds NodeNetworkConfigurationPolicy and NodeNetworkConfigurationEnactment have a desired state.
Objects of these kinds are refused, because the host possibly does not have the desired state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.text import did_you_mean, json_pointer, quote, quote_all
from evaluator.report.shapes import is_kubernetes

_STATE = "NodeNetworkState"
_DESIRED = ("NodeNetworkConfigurationPolicy", "NodeNetworkConfigurationEnactment")
_MOST_NAMES = 50
_HINT = "give the NodeNetworkState of the node: `kubectl get nodenetworkstate NODE -o json`"

Path = tuple[str | int, ...]


class State(Struct, frozen=True):
    """An nmstate report, and its path in the document."""

    value: object
    path: Path = ()

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the report; empty if the whole document is the report."""
        return json_pointer(self.path)


class _Item(Struct, frozen=True):
    """One Kubernetes object, and its path in the document."""

    data: Mapping[str, Any]
    path: Path
    kind: str

    @property
    def name(self) -> str:
        """The name in the metadata of the object; empty if it is missing."""
        metadata = self.data.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return name if isinstance(name, str) else ""


def state_in(document: object, item: str | None) -> State:
    """Return the nmstate report in a document.

    `item` is the name of a NodeNetworkState, if the document has several. Raises ReportError if the report is missing,
    or if the name does not select exactly one NodeNetworkState.
    """
    if not is_kubernetes(document):
        if item is not None:
            raise _refusal(ReportCode.ITEM_UNKNOWN, "an item can only be chosen from a list of NodeNetworkStates")
        return State(document)
    items = tuple(_items(document))
    states = tuple(candidate for candidate in items if candidate.kind == _STATE)
    if not states:
        raise _no_state(items)
    return _state_of(_chosen(states, item))


def _items(document: object) -> Iterator[_Item]:
    """Yield the objects of a document. If an item has no `kind`, the list's kind determines it."""
    if isinstance(document, list):
        entries: Sequence[object] = document
        path: Path = ()
        kind = ""
    elif isinstance(document, dict) and isinstance(document.get("items"), list):
        entries, path, kind = document["items"], ("items",), _kind_of(document).removesuffix("List")
    else:
        entries, path, kind = (), (), ""
        if isinstance(document, dict):
            yield _Item(document, (), _kind_of(document))
    for i, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield _Item(entry, (*path, i), _kind_of(entry) or kind)


def _kind_of(data: Mapping[str, Any]) -> str:
    """Return the `kind` of an object. If `kind` is missing, return the kind that the members of the object show."""
    kind = data.get("kind")
    if isinstance(kind, str) and kind:
        return kind
    status = data.get("status")
    if "currentState" in data or (isinstance(status, dict) and "currentState" in status):
        return _STATE
    spec = data.get("spec")
    return _DESIRED[0] if "desiredState" in data or (isinstance(spec, dict) and "desiredState" in spec) else ""


def _chosen(states: tuple[_Item, ...], name: str | None) -> _Item:
    matches = states if name is None else tuple(state for state in states if state.name == name)
    if len(matches) == 1:
        return matches[0]
    names = sorted(state.name for state in states if state.name)
    listed = quote_all(names[:_MOST_NAMES]) + (f" and {len(names) - _MOST_NAMES} others" if names[_MOST_NAMES:] else "")
    if name is None:
        message = f"the document has {len(states)} NodeNetworkStates: {listed or 'all without a name'}"
        raise _refusal(ReportCode.ITEM_NEEDED, message, hint="choose one by its name: `--item NAME`")
    if matches:
        message = f"the document has {len(matches)} NodeNetworkStates with the name {quote(name)}"
        raise _refusal(ReportCode.ITEM_NEEDED, message, json_pointer(matches[-1].path))
    hint = did_you_mean(name, names)
    message = (
        f"the document has no NodeNetworkState with the name {quote(name)}, only {listed or 'objects without a name'}"
    )
    raise _refusal(ReportCode.ITEM_UNKNOWN, message, hint=hint)


def _state_of(item: _Item) -> State:
    path = item.path if "currentState" in item.data else (*item.path, "status")
    holder = item.data if "currentState" in item.data else item.data.get("status")
    value = holder.get("currentState") if isinstance(holder, dict) else None
    if value is None:
        subject = f"the NodeNetworkState {quote(item.name)}" if item.name else "the NodeNetworkState"
        hint = "the nmstate handler of that node has not reported yet, or has failed: look at the pod of the handler"
        raise _refusal(
            ReportCode.INVALID, f"{subject} has no `status.currentState`", json_pointer(item.path) or "/", hint
        )
    return State(value, (*path, "currentState"))


def _no_state(items: tuple[_Item, ...]) -> ReportError:
    if not items:
        return _refusal(ReportCode.NOT_RECOGNISED, "the list has no NodeNetworkState: it is empty", hint=_HINT)
    desired = next((kind for kind in _DESIRED if any(item.kind == kind for item in items)), "")
    if desired:
        message = f"a {desired} describes the state that a host should have, not the state that it has"
        return _refusal(ReportCode.DESIRED_STATE, message, hint=_HINT)
    kinds = sorted({item.kind for item in items})
    message = f"the document has no NodeNetworkState, only objects of the kind {quote_all(kinds)}"
    return _refusal(ReportCode.NOT_RECOGNISED, message, hint=_HINT)


def _refusal(code: ReportCode, message: str, place: str = "", hint: str = "") -> ReportError:
    return ReportError([Diagnostic(code, message, place, hint)])
