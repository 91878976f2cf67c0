"""Content codings (RFC 9110, 8.4.1): a packed body unpacked as it comes, never by more than is wanted. Pure.

aiohttp could do it, but knows one coding a body, throws away a good body before a bad byte behind it, and takes a
stream that breaks off for a whole one.
"""

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MOST_MEMBERS = 1_000
"""Packed parts in a row; honest bodies have one, and each costs time of its own."""
_MOST_CODINGS = 3
"""Codings that are undone of one body; a server that packs a body four times means no good."""
_GZIP = (b"\x1f", b"\x1f\x8b")
"""How a member begins, where one byte or more of it has come."""
_IGNORED = frozenset({"", "identity"})


class CodingError(Exception):
    """The data are not what their coding says; the message names it."""


class Decoder(Protocol):
    """One coding at work on one body."""

    ended: bool
    """Whether the packed data came to their end."""

    def decode(self, data: bytes, most: int) -> bytes:
        """What the data hold, at most so many bytes; the rest waits for calls with more data, or with none.

        Raises CodingError.
        """


class _Zlib:
    """gzip (RFC 1952), any number of members, or deflate: zlib's form (RFC 1950), and the bare one (RFC 1951)."""

    def __init__(self, coding: str) -> None:
        self.ended = False
        self._coding = coding
        self._members = 0
        self._waiting = b""
        self._member: zlib._Decompress | None = None

    def decode(self, data: bytes, most: int) -> bytes:
        self._waiting += data
        parts: list[bytes] = []
        try:
            while self._waiting and most > 0 and not self._is_over():
                if self._member is None:
                    if len(self._waiting) < 2:
                        break
                    self._member = self._begin(self._waiting)
                parts.append(self._member.decompress(self._waiting, most))
                most -= len(parts[-1])
                self._waiting = self._member.unconsumed_tail
                if self._member.eof:
                    self._waiting, self._member, self.ended = self._member.unused_data, None, True
        except zlib.error as error:
            if not any(parts):  # else what came before the fault goes out first, and the next call meets it again
                raise CodingError(f"{self._coding}: {error}") from error
        return b"".join(parts)

    def _begin(self, data: bytes) -> "zlib._Decompress":
        self._members += 1
        self.ended = False
        if self._members > _MOST_MEMBERS:
            raise zlib.error(f"more than {_MOST_MEMBERS:,} packed parts")
        if self._coding == "gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)

    def _is_over(self) -> bool:
        """Whether what follows a whole member is none: browsers leave it, and so does gzip(1)."""
        return self._member is None and self.ended and (self._coding != "gzip" or self._waiting[:2] not in _GZIP)


class _Brotli:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        self.ended = False
        self._decompressor = brotli.Decompressor()
        self._waiting = b""
        self._ready = b""
        """Unpacked and not yet asked for: brotli gives whole blocks of some 32 KB."""

    def decode(self, data: bytes, most: int) -> bytes:
        parts, size = [self._ready], len(self._ready)
        self._waiting += data
        while size < most and not self.ended:
            takes = self._decompressor.can_accept_more_data()
            given, self._waiting = (self._waiting, b"") if takes else (b"", self._waiting)
            try:
                parts.append(self._decompressor.process(given, output_buffer_limit=most - size))
            except brotli.error as error:
                raise CodingError(f"br: {error}") from error
            self.ended = self._decompressor.is_finished()
            size += len(parts[-1])
            if not parts[-1] and not self._waiting:
                break
        found = b"".join(parts)
        self._ready = found[most:]
        return found[:most]


class _Zstd:
    """zstd (RFC 8878), any number of frames."""

    def __init__(self) -> None:
        self.ended = False
        self._frames = 0
        self._waiting = b""
        self._frame: zstd.ZstdDecompressor | None = None

    def decode(self, data: bytes, most: int) -> bytes:
        parts: list[bytes] = []
        self._waiting += data
        while most > 0 and (self._waiting or (self._frame is not None and not self._frame.needs_input)):
            if self._frame is None:
                self._frames += 1
                if self._frames > _MOST_MEMBERS:
                    raise CodingError(f"zstd: more than {_MOST_MEMBERS:,} packed parts")
                self._frame, self.ended = zstd.ZstdDecompressor(), False
            given, self._waiting = self._waiting, b""
            try:
                parts.append(self._frame.decompress(given, most))
            except zstd.ZstdError as error:
                raise CodingError(f"zstd: {error}") from error
            most -= len(parts[-1])
            if self._frame.eof:
                self._waiting, self._frame, self.ended = self._frame.unused_data, None, True
        return b"".join(parts)


_CODINGS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: _Zlib("gzip"),
    "x-gzip": lambda: _Zlib("gzip"),
    "deflate": lambda: _Zlib("deflate"),
    "br": _Brotli,
    "zstd": _Zstd,
}


class Decoding:
    """All codings of one body, the last one that was applied undone first."""

    def __init__(self, header: str | None) -> None:
        words = [word.strip().lower() for word in (header or "").split(",")]
        self.unknown = [word for word in words if word not in _CODINGS and word not in _IGNORED]
        """Codings that linkmap does not know; like browsers it takes the body for not coded by them."""
        self._decoders = [_CODINGS[word]() for word in reversed(words) if word in _CODINGS][:_MOST_CODINGS]
        self._begun = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing is packed."""
        return not self._decoders

    @property
    def is_broken_off(self) -> bool:
        """Whether packed data began, and did not come to their end."""
        return self._begun and not all(decoder.ended for decoder in self._decoders)

    def decode(self, data: bytes, most: int) -> bytes:
        """What the data hold, at most so many bytes. Raises CodingError."""
        self._begun = self._begun or bool(data)
        for decoder in self._decoders:
            data = decoder.decode(data, most)
        return data
