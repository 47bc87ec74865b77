"""Pseudonyms: what they keep of an address, a name, a MAC, and what they do not."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluator.audit.mask.address_mask import AddressMask
from evaluator.audit.mask.pseudonyms import Pseudonyms
from evaluator.facts.address import Address, address_of, network_of, parse_address, parse_cidr

KEY = b"sixteen octets!!"
MASK = AddressMask(KEY)
SPECIAL = [
    *("0.0.0.0", "0.0.0.1", "10.1.2.3", "11.0.0.1", "127.0.0.1", "127.0.0.53", "128.0.0.1", "169.254.7.7"),
    *("172.16.0.1", "172.32.0.1", "192.168.3.4", "192.0.2.1", "224.0.0.251", "240.0.0.1", "255.255.255.255"),
    *("255.255.255.254", "::", "::1", "::2", "::fffe:0:1", "fe80::1", "fec0::1", "fd00::1", "ff02::1", "2001:db8::1"),
]
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda number: address_of(4, number)),
    st.integers(0, 2**128 - 1).map(lambda number: address_of(6, number)).filter(lambda a: a.number >> 32 != 0xFFFF),
    st.sampled_from(SPECIAL).map(parse_address),
)


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[Address, Address]:
    """Two addresses of one family that begin alike."""
    one = draw(ADDRESSES)
    width = 32 if one.version == 4 else 128
    low = draw(st.integers(0, width))
    return one, address_of(one.version, one.number >> low << low | draw(st.integers(0, 2**low - 1)))


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


NAMES = Pseudonyms(KEY)
WORD = r"([b-z][2-9]){6}"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("10.1.2.3", r"10\.\d+\.\d+\.\d+"),
        ("10.1.2.3/24", r"10\.\d+\.\d+\.\d+/24"),
        ("10.1.2.3/255.255.255.0", r"10\.\d+\.\d+\.\d+/255\.255\.255\.0"),
        ("::ffff:10.1.2.3/120", r"::ffff:10\.\d+\.\d+\.\d+/120"),
        ("FE80:0::1%eth0/64", rf"fe80:[0-9a-f:]+%{WORD}/64"),
        ("10.1.2.3/33", WORD),
        ("10.1.2", WORD),
        ("junk", WORD),
        ("", ""),
    ],
)
def test_an_address_keeps_how_it_is_written(text: str, form: str) -> None:
    assert re.fullmatch(form, NAMES.address(text))


def test_an_address_is_one_in_every_spelling() -> None:
    found = {NAMES.address(text) for text in ("2001:db8::1", "2001:DB8:0::1", "2001:db8:0:0:0:0:0:1")}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("eth0", WORD),
        ("vnet7", rf"vnet{WORD}"),
        ("52:54:00:12:34:56", r"[0-9a-f][26ae](:[0-9a-f]{2}){5}"),
        ("00:00:00:00:00:00", "00:00:00:00:00:00"),
        ("ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff"),
        ("lo", "lo"),
        ("localhost", "localhost"),
        ("bond", "bond"),
        ("10.0.0.0/8", r"10\.0\.0\.0/8"),
        ("node7.example.org", WORD),
        ("bond0.4094", rf"{WORD}\.4094"),
        ("srv.4711", WORD),
        ("10.20", rf"{WORD}\.20"),
        ("10.20.30", WORD),
    ],
)
def test_a_text_keeps_its_form(text: str, form: str) -> None:
    assert re.fullmatch(form, NAMES.name(text))


def test_a_vlans_name_tells_base_and_id() -> None:
    assert NAMES.name("bond0.4094") == f"{NAMES.name('bond0')}.4094"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("default", "default"),
        ("255.255.255.0", r"255\.255\.255\.0"),
        ("10.20.0.0/16", r"10\.\d+\.0\.0/16"),
        ("10.20.0.1/16", r"10\.\d+\.\d+\.\d+/16"),
        ("203.0.113.9", r"\d+\.\d+\.\d+\.\d+"),
        ("junk", WORD),
    ],
)
def test_a_destination_keeps_its_form(text: str, form: str) -> None:
    assert re.fullmatch(form, NAMES.network(text))


@given(st.sets(st.text(max_size=6), max_size=30))
def test_different_texts_stay_different(texts: set[str]) -> None:
    assert len({NAMES.name(text) for text in texts}) == len(texts)


@given(st.text(min_size=1), st.binary(min_size=16, max_size=16))
def test_nothing_can_be_read_in_a_word_by_chance(text: str, key: bytes) -> None:
    assert re.fullmatch(WORD, Pseudonyms(key).word(text))


@given(ADDRESSES)
def test_no_address_stays_what_it_was_but_those_that_every_host_has(address: Address) -> None:
    same = {"0.0.0.0", "0.0.0.1", "127.0.0.0", "127.0.0.1", "255.255.255.254", "255.255.255.255", "::", "::1"}
    assert str(MASK.address(address)) != str(address) or str(address) in same


def test_an_address_loses_its_beginning() -> None:
    for first, text in (("10.20.", "10.20.30.40"), ("192.168.7", "192.168.7.1"), ("2001:", "2001:db8::1")):
        assert not any(
            str(AddressMask(bytes([i]) * 16).address(parse_address(text))).startswith(first) for i in range(99)
        )


def test_a_literal_network_is_mapped_as_one() -> None:
    network = parse_cidr(NAMES.name("203.0.113.0/24"))
    assert parse_address(NAMES.address("203.0.113.77")) in network


@pytest.mark.parametrize("mac", ["00:16:3e:01:02:03", "02:17:3e:01:02:03", "01:16:3e:01:02:03", "33:32:00:00:00:01"])
def test_a_mac_stays_for_one_or_for_many_and_names_no_vendor(mac: str) -> None:
    masked = Pseudonyms(KEY).name(mac)
    assert (len(masked), masked.count(":")) == (len(mac), mac.count(":"))
    assert masked != mac
    assert int(masked[:2], 16) & 0x03 == 0x02 | int(mac[:2], 16) & 0x01
