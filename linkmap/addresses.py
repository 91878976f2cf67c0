"""Which IP addresses a crawl may dial: the public ones, by a table of our own.

`ipaddress.is_global` calls ::127.0.0.1, 64:ff9b::7f00:1, 2002:7f00:1::, fec0::1 and multicast public, and
`is_private` misses 100.64.0.0/10 (measured on Python 3.11.7, 2026-11). The table follows IANA's registries
of special-purpose addresses; an IPv6 address that carries an IPv4 address is judged by what it carries.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_DENIED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_DENIED_V6 = tuple(IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")


def is_public(address: str) -> bool:
    """Whether an IP address, as the resolver or a URL gives it, lies on the public internet."""
    parsed = ip_address(address.strip("[]").partition("%")[0])
    if isinstance(parsed, IPv4Address):
        return _is_public_v4(parsed)
    carried = _carried(parsed)
    if carried is not None:
        return _is_public_v4(carried)
    return parsed in _GLOBAL_V6 and not any(parsed in block for block in _DENIED_V6)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in block for block in _DENIED_V4)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside a mapped, NAT64 (RFC 6052) or 6to4 (RFC 3056) address."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return None
