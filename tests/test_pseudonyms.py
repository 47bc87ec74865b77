"""Pseudonyms: what they keep of an address, a name, a MAC, and what they do not."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluator.audit.address_mask import AddressMask
from evaluator.audit.mask_prose import Wording
from evaluator.facts.address import Address, network_of, parse_address, parse_cidr

KEY = b"sixteen octets!!"
MASK = AddressMask(KEY)
SPECIAL = [
    *("0.0.0.0", "0.0.0.1", "10.1.2.3", "11.0.0.1", "127.0.0.1", "127.0.0.53", "128.0.0.1", "169.254.7.7"),
    *("172.16.0.1", "172.32.0.1", "192.168.3.4", "192.0.2.1", "224.0.0.251", "240.0.0.1", "255.255.255.255"),
    *("255.255.255.254", "::", "::1", "::2", "::fffe:0:1", "fe80::1", "fec0::1", "fd00::1", "ff02::1", "2001:db8::1"),
]
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda number: Address(4, number)),
    st.integers(0, 2**128 - 1).map(lambda number: Address(6, number)).filter(lambda a: a.number >> 32 != 0xFFFF),
    st.sampled_from(SPECIAL).map(parse_address),
)


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[Address, Address]:
    """Two addresses of one family that begin alike."""
    one = draw(ADDRESSES)
    width = 32 if one.version == 4 else 128
    low = draw(st.integers(0, width))
    return one, Address(one.version, one.number >> low << low | draw(st.integers(0, 2**low - 1)))


def class_of(address: Address) -> tuple[object, ...]:
    return address.version, address.unusable, address.is_private, address.is_link_local


def shared_bits(one: Address, other: Address) -> int:
    width = 32 if one.version == 4 else 128
    return width - (one.number ^ other.number).bit_length()


@given(neighbours())
@example((parse_address("10.0.0.1"), parse_address("11.0.0.1")))
@example((parse_address("192.168.0.1"), parse_address("192.0.2.1")))
def test_two_addresses_share_as_many_leading_bits_as_before(pair: tuple[Address, Address]) -> None:
    one, other = pair
    assert shared_bits(MASK.address(one), MASK.address(other)) == shared_bits(one, other)


@given(ADDRESSES)
def test_an_address_stays_in_its_class(address: Address) -> None:
    assert class_of(MASK.address(address)) == class_of(address)
    assert parse_address(str(MASK.address(address))) == MASK.address(address)


@given(ADDRESSES, st.integers(0, 128))
def test_a_network_holds_the_pseudonyms_of_its_addresses(address: Address, length: int) -> None:
    network = network_of(address, min(length, 32 if address.version == 4 else 128))
    assert MASK.address(address) in MASK.network(network)
    assert MASK.network(network).prefix == network.prefix


@pytest.mark.parametrize("text", ["0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1"])
def test_what_is_the_same_on_every_host_stays(text: str) -> None:
    assert str(MASK.address(parse_address(text))) == text


def test_other_keys_give_other_addresses_and_the_same_key_the_same() -> None:
    addresses = [parse_address(f"198.51.{i}.{i}") for i in range(100)]
    assert [MASK.address(a) for a in addresses] == [AddressMask(KEY).address(a) for a in addresses]
    other = AddressMask(b"sixteen others!!")
    assert sum(MASK.address(a) == other.address(a) for a in addresses) < 5


def names(hints: dict[str, str] | None = None, asked: str | None = None) -> Wording:
    return Wording(KEY, hints or {}, asked)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("10.1.2.3", r"10\.\d+\.\d+\.\d+"),
        ("10.1.2.3/24", r"10\.\d+\.\d+\.\d+/24"),
        ("10.1.2.3/255.255.255.0", r"10\.\d+\.\d+\.\d+/255\.255\.255\.0"),
        ("::ffff:10.1.2.3/120", r"::ffff:10\.\d+\.\d+\.\d+/120"),
        ("FE80:0::1%eth0/64", r"fe80:[0-9a-f:]+%txt-\w+/64"),
        ("10.1.2.3/33", r"txt-\w+"),
        ("10.1.2", r"txt-\w+"),
        ("junk", r"txt-\w+"),
        ("", ""),
    ],
)
def test_an_address_keeps_how_it_is_written(text: str, form: str) -> None:
    assert re.fullmatch(form, names().address(text))


def test_an_address_is_one_in_every_spelling() -> None:
    found = {names().address(text) for text in ("2001:db8::1", "2001:DB8:0::1", "2001:db8:0:0:0:0:0:1")}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("eth0", r"nic-\w{5}"),
        ("bond0", r"bond-\w{5}"),
        ("vnet7", r"vnet-\w{5}"),
        ("storage", r"txt-\w{10}"),
        ("52:54:00:12:34:56", r"[0-9a-f][26ae](:[0-9a-f]{2}){5}"),
        ("00:00:00:00:00:00", "00:00:00:00:00:00"),
        ("ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff"),
        ("lo", "lo"),
        ("localhost", "localhost"),
        ("10.0.0.0/8", r"10\.0\.0\.0/8"),
        ("node7.example.org", r"host-\w{10}\.dom-\w{10}\.dom-\w{10}"),
    ],
)
def test_a_text_keeps_its_form(text: str, form: str) -> None:
    found = names({"eth0": "nic", "bond0": "bond", "vnet7": "vnet"}, "node7.example.org").text(text)
    assert re.fullmatch(form, found)


def test_a_vlans_name_tells_base_and_id() -> None:
    found = names({"bond0": "bond", "bond0.4094": "vlan", "br.7": "br", "eth0.100.200": "vlan"})
    base = found.text("bond0")
    assert found.text("bond0.4094") == f"{base}.4094"
    assert found.text("bond0:1") == f"{base}:1"
    assert len(f"{base}.4094".encode()) <= 15
    assert "." not in found.text("br.7")
    assert len(found.text("eth0.100.200")) <= 15


def test_hosts_of_one_domain_stay_in_it() -> None:
    one, other = (names(asked=f"node{i}.example.org").text(f"node{i}.example.org") for i in (1, 2))
    assert one != other
    assert one.partition(".")[2] == other.partition(".")[2]
    assert names(asked="a.localhost").text("a.localhost").endswith(".localhost")
    assert names(asked="a.example.").text("a.example.").endswith(".")


@given(st.lists(st.text(max_size=6), unique=True, max_size=30))
def test_different_texts_stay_different(texts: list[str]) -> None:
    found = names(dict.fromkeys(texts[::2], "nic"))
    assert len({found.text(text) for text in texts}) == len(texts)


def test_a_collision_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    found = names({"a": "nic", "b": "nic", "c": "nic"})
    monkeypatch.setattr(found, "code", lambda text, length: "x" * length + "0" * (len(text) - 1))
    assert len({found.text(text) for text in "abc"}) == 3


def test_prose_is_kept_unless_it_names_something() -> None:
    found = names({"docker0": "br", "p1": "nic"}, "node7.example.org")
    for text in ("docker0", "p1", "node7.example.org", "odd name", "x" * 100):
        found.text(text)
    message = "{nic.name} is a bridge over {nic.ports}: e.g. 10 of it"
    assert found.template(message) == message
    assert found.template("docker0: {nic.name}") == f"{found.text('docker0')}: {{nic.name}}"
    assert found.template("{nic.name} is my-docker0-bridge") == "masked {nic.name}"
    assert "docker0" not in found.prose("{docker0} and {nic.docker0}")
    assert found.prose("leave docker0, p1. alone") == f"leave {found.text('docker0')}, {found.text('p1')}. alone"
    assert found.prose("`docker0` has `10.1.2.3`") == f"`{found.text('docker0')}` has `{found.address('10.1.2.3')}`"
    assert found.prose("ask 10.1.2.3/24") == f"ask {found.address('10.1.2.3/24')}"
    assert found.prose("my-docker0-bridge") == "masked"
    assert found.prose("an odd name here") == "masked"
    assert "xxx" not in found.prose(f"`{'x' * 79}…`")
    assert found.identifier("no-docker0", "rule").startswith("rule-")
    assert found.identifier("no-bridge", "rule") == "no-bridge"


def test_a_literal_network_is_mapped_as_one() -> None:
    network = parse_cidr(names().text("203.0.113.0/24"))
    assert parse_address(names().address("203.0.113.77")) in network
