"""Spellings of addresses that no crawl may dial, and names that lead to them; the public host that spreads them."""

PUBLIC = "93.184.216.34"
"""The one public address of the tests; it is never dialled outside of a network that the test makes itself."""

SPELLINGS = {
    "127.0.0.1": "loopback",
    "127.1": "loopback, short",
    "2130706433": "loopback as one decimal number",
    "0x7f000001": "as one hexadecimal number",
    "0x7f.0.0.1": "hexadecimal in part",
    "0177.0.0.1": "octal in part",
    "017700000001": "as one octal number",
    "127.0.0.1.": "with the dot of the root",
    "%31%32%37.0.0.1": "percent-encoded",
    "１２７.０.０.１": "in full-width digits",
    "0": "this host",
    "10.0.0.1": "private, RFC 1918",
    "172.16.1": "private, short",
    "192.168.1.1": "private",
    "100.64.0.1": "shared address space, RFC 6598",
    "169.254.169.254": "link-local: the metadata of a cloud",
    "2852039166": "the same as one decimal number",
    "[::1]": "loopback",
    "[0:0:0:0:0:0:0:1]": "loopback, written out",
    "[::]": "unspecified",
    "[::ffff:127.0.0.1]": "mapped loopback",
    "[::ffff:a9fe:a9fe]": "mapped metadata",
    "[::127.0.0.1]": "IPv4-compatible",
    "[fe80::1]": "link-local",
    "[fd00:ec2::254]": "unique local: the metadata of a cloud",
    "[64:ff9b::7f00:1]": "NAT64 to loopback",
    "[2002:7f00:1::]": "6to4 to loopback",
}

NAMES = {
    "localhost": ["127.0.0.1"],
    "loop.test": ["127.0.0.1"],
    "metadata.test": ["169.254.169.254"],
    "six.test": ["::1"],
    "mapped.test": ["::ffff:10.0.0.1"],
    "half.test": [PUBLIC, "127.0.0.1"],
}
"""Names whose answer holds a forbidden address; one is enough to refuse the name."""

PLACES = (*SPELLINGS, *NAMES)
