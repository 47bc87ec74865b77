"""Secrets of many classes, how to plant them in every place of a document, and how to find them again in an export."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from evaluator.audit.record import Record

SECRETS = {
    "host name": "node7.berlin.acme-corp.example",
    "label of a host name": "node7",
    "domain": "berlin.acme-corp.example",
    "interface name": "enp0s31f6",
    "altname": "enx525400abcdef",
    "alias": "uplink-zh4",
    "network": "payroll-net",
    "bridge": "br-payroll",
    "MAC": "52:54:00:ab:cd:ef",
    "vendor half of a MAC": "52:54:00",
    "MAC with dashes": "52-54-00-AB-CD-EF",
    "MAC as a switch writes it": "5254.00ab.cdef",
    "IPv4": "10.20.30.40",
    "part of an IPv4": "10.20.30",
    "IPv4 with a length": "10.20.30.40/24",
    "IPv4 with dashes": "ip-10-20-30-40",
    "IPv6": "2001:db8:85a3::8a2e:370:7334",
    "group pair of an IPv6": "85a3:8a2e",
    "reverse name of an IPv4": "40.30.20.10.in-addr.arpa",
    "reverse name of an IPv6": "4.3.3.7.0.7.3.0.e.2.a.8.ip6.arpa",
    "URL": "https://vault.acme.example:8443/payroll?host=node7",
    "URL-encoded": "%70%61%79%72%6f%6c%6c%2d%6e%65%74",
    "hex-encoded": b"payroll-net".hex(),
    "base64-encoded": base64.b64encode(b"payroll-net of node7").decode(),
    "address in hexadecimal": "0A141E28",
    "address as a number": "169090600",
    "ticket": "JIRA-48213",
    "user": "alice.meier",
    "path": "/home/alice/.ssh/id_rsa",
    "comment": "# for the rack in Berlin-Mitte",
    "e-mail address": "alice@acme-corp.example",
    "serial number": "VMware-56 4d 9e b1",
    "UUID": "4c4c4544-0031-3510-8052-b4c04f4a3632",
    "policy name": "no-berlin-nics",
    "rule name": "avoid-node7-uplinks",
    "parameter name": "berlin_gateway",
    "parameter value": "ovs-tenant-acme",
    "code": "BERLIN_RACK_DOWN",
    "label key": "cost-centre-zh",
    "label value": "zh-4711-payroll",
    "name in another script": "платёж-сеть",
}
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")


def exported(record: Record) -> str:
    """Everything that leaves the house: the line of the export, and its bodies decoded."""
    document = record.to_dict()
    bodies = [base64.b64decode(body or "") for body in (document["report"], *document["texts"])]
    return "\n".join((json.dumps(document), json.dumps(document, ensure_ascii=False), *map(_unpacked, bodies)))


def found_in(text: str, secrets: Mapping[str, str] = SECRETS) -> list[str]:
    """Return the classes of the secrets that a text holds, in any case, encoded or not."""
    texts = [one.casefold() for one in _readings(text)]
    return [name for name, secret in secrets.items() if any(form in one for form in _forms(secret) for one in texts)]


def identifier(secret: str) -> str:
    """Return a secret as the name of a parameter or code may hold it."""
    return "x_" + re.sub(r"[^A-Za-z0-9]", "_", secret)


def document_of(schema: Any, definitions: Mapping[str, Any], secret: str) -> Any:
    """Return a document that has every member of a schema, each a text, with the secret in every place there is."""
    found: dict[str, Any] = {secret: secret, f"{secret}{secret}": {secret: [secret]}}
    items: list[Any] = []
    for one in _alternatives(schema, definitions):
        for key, value in one.get("properties", {}).items():
            made = document_of(value, definitions, secret)
            found[key] = {**found[key], **made} if isinstance(found.get(key), dict) and isinstance(made, dict) else made
        if isinstance(one.get("additionalProperties"), dict):
            found[secret] = document_of(one["additionalProperties"], definitions, secret)
        if "items" in one:
            items += [document_of(one["items"], definitions, secret), secret]
    if items:
        return items
    return found if len(found) > 2 or isinstance(found[secret], dict) else secret


def places_in(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all texts of a document."""
    pairs = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in pairs:
        yield from places_in(value, (*path, key))
    if isinstance(document, str):
        yield path


def _alternatives(schema: Any, definitions: Mapping[str, Any]) -> Iterator[Any]:
    if isinstance(schema, dict):
        yield schema
        if "$ref" in schema:
            yield from _alternatives(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), schema.get("then"), schema.get("else")):
            yield from _alternatives(one, definitions)


def _unpacked(body: bytes) -> str:
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            return unpack(body).decode("utf-8", "replace")
        except (OSError, zlib.error):
            continue
    return body.decode("utf-8", "replace")


def _forms(secret: str) -> set[str]:
    """Return what to look for: the secret as it is, as a name, and encoded."""
    octets = secret.encode()
    forms = {secret, identifier(secret)[2:], octets.hex(), base64.b64encode(octets).decode().rstrip("=")}
    forms.add("".join(f"%{octet:02x}" for octet in octets))
    return {form.casefold() for form in forms}


def _readings(text: str) -> Iterator[str]:
    """Yield a text, and what it says where something in it is encoded."""
    yield text
    yield unquote(text)
    for run in _HEX.findall(text):
        yield bytes.fromhex(run).decode("utf-8", "ignore")
    for run in _BASE64.findall(text):
        try:
            yield base64.b64decode(
                run + "=" * (-len(run) % 4), altchars=b"-_" if "-" in run or "_" in run else None
            ).decode("utf-8", "ignore")
        except binascii.Error:
            continue
