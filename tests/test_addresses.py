"""Which addresses may be dialled. Expected values follow IANA's registries of special-purpose addresses."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkmap.addresses import is_public


@pytest.mark.parametrize(
    ("address", "public", "reason"),
    [
        ("8.8.8.8", True, "a public resolver"),
        ("1.1.1.1", True, "another"),
        ("100.63.255.255", True, "just below shared address space"),
        ("100.64.0.1", False, "shared address space, RFC 6598; ipaddress.is_private misses it"),
        ("100.127.255.255", False, "its end"),
        ("100.128.0.0", True, "just above it"),
        ("0.0.0.0", False, "this host"),
        ("0.1.2.3", False, "this network"),
        ("10.0.0.1", False, "private, RFC 1918"),
        ("127.0.0.1", False, "loopback"),
        ("127.255.255.254", False, "all of 127/8 is"),
        ("128.0.0.1", True, "just above it"),
        ("169.254.169.254", False, "cloud metadata, link-local"),
        ("172.15.255.255", True, "just below 172.16/12"),
        ("172.16.0.1", False, "private"),
        ("172.31.255.255", False, "its end"),
        ("172.32.0.0", True, "just above"),
        ("192.0.0.8", False, "protocol assignments"),
        ("192.0.2.1", False, "documentation"),
        ("192.168.1.1", False, "private"),
        ("198.18.0.1", False, "benchmarks"),
        ("198.19.255.255", False, "their end"),
        ("198.51.100.7", False, "documentation"),
        ("203.0.113.7", False, "documentation"),
        ("224.0.0.1", False, "multicast; ipaddress.is_global is True"),
        ("239.255.255.250", False, "multicast"),
        ("240.0.0.1", False, "reserved"),
        ("255.255.255.255", False, "broadcast"),
        ("2606:4700::1111", True, "a public resolver"),
        ("2001:4860:4860::8888", True, "another"),
        ("::", False, "unspecified"),
        ("::1", False, "loopback"),
        ("::127.0.0.1", False, "IPv4-compatible; ipaddress.is_global is True"),
        ("::8.8.8.8", False, "IPv4-compatible addresses are deprecated, RFC 4291"),
        ("::ffff:127.0.0.1", False, "mapped loopback"),
        ("::ffff:10.0.0.1", False, "mapped private"),
        ("::ffff:8.8.8.8", True, "mapped public"),
        ("64:ff9b::7f00:1", False, "NAT64 to loopback; is_global is True"),
        ("64:ff9b::a9fe:a9fe", False, "NAT64 to cloud metadata"),
        ("64:ff9b::808:808", True, "NAT64 to 8.8.8.8"),
        ("64:ff9b:1::808:808", False, "local-use NAT64, RFC 8215"),
        ("2002:7f00:1::", False, "6to4 to loopback; is_global is True"),
        ("2002:a00:1::1", False, "6to4 to 10.0.0.1"),
        ("2002:808:808::1", True, "6to4 to 8.8.8.8"),
        ("2001::1", False, "Teredo"),
        ("2001:db8::1", False, "documentation"),
        ("3fff::1", False, "documentation, RFC 9637"),
        ("100::1", False, "discard only"),
        ("5f00::1", False, "segment routing, RFC 9602"),
        ("fc00::1", False, "unique local"),
        ("fd12:3456::1", False, "unique local"),
        ("fe80::1", False, "link-local"),
        ("fe80::1%eth0", False, "with a zone"),
        ("fec0::1", False, "site-local, deprecated; is_global is True"),
        ("ff02::1", False, "multicast; is_global is True"),
        ("ff0e::1", False, "multicast of global scope"),
        ("[::1]", False, "in the brackets of a URL"),
        ("[2606:4700::1111]", True, "in brackets, public"),
    ],
)
def test_which_addresses_are_public(address: str, public: bool, reason: str) -> None:
    assert is_public(address) is public, reason


@given(st.ip_addresses(v=4))
def test_an_ipv6_address_that_carries_an_ipv4_address_is_judged_by_it(address: IPv4Address) -> None:
    number = int(address)
    high, low = number >> 16, number & 0xFFFF
    expected = is_public(str(address))
    assert is_public(f"::ffff:{address}") is expected
    assert is_public(f"64:ff9b::{address}") is expected
    assert is_public(f"2002:{high:x}:{low:x}::1") is expected


@given(st.ip_addresses())
def test_every_address_is_judged_and_private_ones_are_never_public(address: IPv4Address | IPv6Address) -> None:
    if is_public(str(address)):
        assert not address.is_loopback
        assert not address.is_link_local
        assert not address.is_multicast
        assert not address.is_unspecified


def test_what_is_no_address_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"example\.org"):
        is_public("example.org")
