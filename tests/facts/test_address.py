"""Addresses are written as RFC 5952 wants it, whoever writes them."""

from __future__ import annotations

import importlib
import ipaddress
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

import evaluator
from evaluator.facts.address import OwnedAddress, address_of, parse_address
from evaluator.facts.embedded import embedded_ipv4
from evaluator.facts.link import Kind, Link
from evaluator.facts.literal import ZoneError, parse_literal
from evaluator.facts.netmask import parse_netmask
from evaluator.policy.language.checked import Variable
from evaluator.policy.language.types import Base, Type

GROUPS = st.lists(st.sampled_from((0, 0, 0, 1, 0xDB8, 0xFFFF)), min_size=8, max_size=8)


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_an_ipv4_address_is_written_as_the_standard_library_writes_it(number: int) -> None:
    assert str(address_of(4, number)) == str(ipaddress.IPv4Address(number))


@given(GROUPS)
def test_an_ipv6_address_is_written_as_the_standard_library_writes_it(groups: list[int]) -> None:
    number = int.from_bytes(b"".join(group.to_bytes(2) for group in groups))
    assert str(address_of(6, number)) == str(ipaddress.IPv6Address(number))


@pytest.mark.parametrize("text", ["::", "::1", "::102:304", "64:ff9b::c000:201", "1:0:0:2::3", "1:0:2::", "fe80::1"])
def test_what_c_libraries_write_otherwise_is_written_alike(text: str) -> None:
    assert str(parse_address(text)) == text


def test_two_values_are_equal_or_differ_and_never_both() -> None:
    one, same, other = (OwnedAddress(parse_address(text)) for text in ("10.0.0.1", "10.0.0.1", "10.0.0.2"))
    assert (one == same, one != same) == (True, False)
    assert (one == other, one != other) == (False, True)
    links = (Link("ens1", Kind.PHYSICAL), Link("ens1", Kind.PHYSICAL))
    assert (links[0] == links[1], links[0] != links[1]) == (True, False)
    variables = (Variable("nic", Type(Base.NIC)), Variable("nic", Type(Base.NIC)))
    assert (variables[0] == variables[1], variables[0] != variables[1]) == (True, False)


def test_each_struct_that_defines_when_it_is_equal_defines_when_it_differs() -> None:
    with_spark = ("evaluator.fleet.spark_ranges", "evaluator.cli.actions.fleet.spark")  # PySpark has a lock of its own
    not_imported = ("evaluator.__main__", *with_spark)
    for module in pkgutil.walk_packages(evaluator.__path__, "evaluator."):
        if module.name not in not_imported:
            importlib.import_module(module.name)
    pending: list[type] = [Struct]
    while pending:
        for found in pending.pop().__subclasses__():
            pending.append(found)
            assert ("__eq__" in vars(found)) == ("__ne__" in vars(found)), found


@pytest.mark.parametrize(
    ("text", "mechanism", "ipv4"),
    [
        ("64:ff9b::c000:20a", "NAT64", "192.0.2.10"),
        ("64:ff9b:1::c000:20a", "NAT64", "192.0.2.10"),
        ("2002:c000:20a::1", "6to4", "192.0.2.10"),
        ("2001:0:1::3fff:fdf5", "Teredo", "192.0.2.10"),
        ("fe80::5efe:c000:20a", "ISATAP", "192.0.2.10"),
        ("2001:db8::200:5efe:c000:20a", "ISATAP", "192.0.2.10"),
        ("::192.0.2.10", "IPv4-compatible", "192.0.2.10"),
    ],
)
def test_the_ipv4_address_inside_an_ipv6_address(text: str, mechanism: str, ipv4: str) -> None:
    assert embedded_ipv4(parse_address(text)) == (mechanism, parse_address(ipv4))


@pytest.mark.parametrize("text", ["192.0.2.10", "2001:db8::c000:20a", "64:ff9b:2::c000:20a", "fe80::1"])
def test_most_addresses_have_none_inside(text: str) -> None:
    assert embedded_ipv4(parse_address(text)) is None


@pytest.mark.parametrize("text", ["192.0.2.1%eth0", "2001:db8::1%eth0", "fe80::1%", "fe80::1%a/b"])
def test_only_a_link_local_address_has_a_zone(text: str) -> None:
    with pytest.raises(ZoneError, match=r"link-local IPv6 address can have a zone"):
        parse_literal(text)
    assert parse_literal("fe80::1%eth0") == parse_address("fe80::1")


@pytest.mark.parametrize("text", ["255.0.255.0", "0.0.0.1", "255.255.255.253"])
def test_a_netmask_that_is_invalid(text: str) -> None:
    with pytest.raises(ValueError, match=r"^invalid netmask$"):
        parse_netmask(text)
