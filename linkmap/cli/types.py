"""Values of options that are more than a word or a number: each type reads one and says what it wants instead."""

from typing import Any

import click

_SIZE_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


class Size(click.ParamType[int]):
    """A number of bytes, with K, M or G (1024 each) behind it where wanted."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = value.strip().lower().removesuffix("ib").removesuffix("b")
        unit = text[-1:] if text[-1:] in ("k", "m", "g") else ""
        number = text.removesuffix(unit) if unit else text
        if not (number.isascii() and number.isdigit()):
            self.fail(f"{value!r} is not a size: give bytes, or a number with K, M or G, as in 10M.", param, ctx)
        return int(number) * _SIZE_UNITS[unit]


class Resolved(click.ParamType[tuple[str, int, str]]):
    """HOST:PORT:ADDRESS, as curl has it."""

    name = "host:port:address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int, str]:
        from ipaddress import ip_address

        host, _, rest = str(value).partition(":")
        port, _, address = rest.partition(":")
        try:
            plain = str(ip_address(address.strip("[]")))
        except ValueError:
            plain = ""
        if not host or not port.isdigit() or not 0 < int(port) < 65_536 or not plain:
            self.fail(f"{value!r} is not HOST:PORT:ADDRESS, as in example.org:443:93.184.216.34.", param, ctx)
        return host.lower(), int(port), plain
