"""Values of options that are more than a word or a number: each type reads one and says what it wants instead."""

import math
import os
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from linkmap.credentials import HostHeader, basic_auth, cookie
from linkmap.errors import UsageError
from linkmap.kinds import fault_of_kinds
from linkmap.proxy import Proxy, parse_proxy

_SIZE_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_TIME_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


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


class Seconds(click.FloatRange):
    """A number of seconds, which ends."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value} is not a finite number of seconds.", param, ctx)
        return seconds


class NewFile(click.Path):
    """A file to write."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value).endswith((os.sep, "/")):
            self.fail(f"{value} names a folder: name a file, as in {value}map.graphml.", param, ctx)
        return super().convert(value, param, ctx)


class Duration(click.ParamType[float]):
    """Seconds, written as a number, with s, m, h or d behind it where wanted."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd]?)", value.strip().lower(), re.ASCII)
        if found is None:
            self.fail(f"{value!r} is not a duration: give seconds, or a number with m or h, as in 10m.", param, ctx)
        return float(found[1]) * _TIME_UNITS[found[2]]


class Words(click.ParamType[str]):
    """Words of an enumeration, separated by commas."""

    name = "words"

    def __init__(self, words: type[StrEnum]) -> None:
        self.words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        given = [word.strip() for word in str(value).split(",") if word.strip()]
        if unknown := [word for word in given if word not in list(self.words)]:
            self.fail(f"{unknown[0]!r} is none of {', '.join(self.words)}.", param, ctx)
        return ",".join(given)


class Kinds(click.ParamType[str]):
    """Kinds of links and groups of them, separated by commas."""

    name = "kinds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if fault := fault_of_kinds(str(value)):
            self.fail(f"{fault}.", param, ctx)
        return str(value)


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


class HeaderSecret(click.ParamType[HostHeader]):
    """HOST=NAME:VALUE. What is wrong with it is said without the value."""

    name = "host=name:value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> HostHeader:
        host, equals, header = str(value).partition("=")
        name, colon, text = header.partition(":")
        if not (host and equals and colon):
            self.fail("this takes HOST=NAME:VALUE, as in example.org=X-Key:1234.", param, ctx)
        return _made(self, lambda: HostHeader(host, name.strip(), text.strip()), param, ctx)


class AuthSecret(click.ParamType[HostHeader]):
    """HOST=USER:PASSWORD. What is wrong with it is said without user and password."""

    name = "host=user:password"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> HostHeader:
        host, equals, both = str(value).partition("=")
        user, colon, password = both.partition(":")
        if not (host and equals and colon):
            self.fail("this takes HOST=USER:PASSWORD.", param, ctx)
        return _made(self, lambda: basic_auth(host, user, password), param, ctx)


class CookieSecret(click.ParamType[HostHeader]):
    """HOST=NAME=VALUE. What is wrong with it is said without the value."""

    name = "host=name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> HostHeader:
        host, equals, pair = str(value).partition("=")
        name, second, text = pair.partition("=")
        if not (host and equals and second):
            self.fail("this takes HOST=NAME=VALUE, as in example.org=session=1234.", param, ctx)
        return _made(self, lambda: cookie(host, name, text), param, ctx)


class ProxyUrl(click.ParamType[Proxy]):
    """The URL of a proxy. What is wrong with it is said without it."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Proxy:
        if isinstance(value, Proxy):
            return value
        try:
            return parse_proxy(str(value))
        except UsageError as error:
            self.fail(f"{error}.", param, ctx)


SECRETS = (HeaderSecret, AuthSecret, CookieSecret)
"""Types whose values are not to be shown."""


def _made(
    kind: click.ParamType[HostHeader],
    make: Callable[[], HostHeader],
    param: click.Parameter | None,
    ctx: click.Context | None,
) -> HostHeader:
    try:
        return make()
    except UsageError as error:
        kind.fail(f"{error}.", param, ctx)
