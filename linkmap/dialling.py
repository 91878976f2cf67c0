"""From names to sockets: the only resolver of linkmap, and what is refused before a connection is made.

Names are checked when they resolve, and every address once more when its socket is made, because aiohttp does not ask
the resolver for an IP literal.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Mapping
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from linkmap.addresses import is_public
from linkmap.threads import Threads

_STACK_BYTES = 512 * 1024
"""Of a look-up, which touches a tenth of it."""


class PrivateAddressError(OSError):
    """A name or a URL led to an address that may not be dialled."""


class CheckedResolver(AbstractResolver):
    """Names to addresses, each checked: one private address in an answer refuses the name."""

    def __init__(self, fixed: Mapping[tuple[str, int], str], allow_private: bool, lookups: int) -> None:
        self._fixed = fixed
        self._allow_private = allow_private
        self._threads = Threads("look-up", lookups, _STACK_BYTES)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises OSError where there are none or one of them is forbidden."""
        results: list[ResolveResult] = []
        for address_family, _, proto, _, sockaddr in await self._found(host, port, family):
            address = str(sockaddr[0])
            if not self._allow_private and not is_public(address):
                raise PrivateAddressError(f"{host} resolves to {address}, which is not a public address")
            results.append(
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=address_family,
                    proto=proto,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        return results

    async def _found(self, host: str, port: int, family: int) -> "list[tuple[Any, ...]]":
        """What `getaddrinfo` says of a host. Raises OSError."""
        address = self._fixed.get((host, port))
        if address is not None:
            return [*socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)]
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
            )
        except socket.gaierror:
            _check_files()  # for want of which the resolver says that there is no such name
            raise
        except RuntimeError as error:
            raise OSError(errno.EAGAIN, str(error)) from error
        except UnicodeError as error:
            raise OSError(socket.EAI_NONAME, "a label of the name is empty or too long") from error

    async def close(self) -> None:
        """Nothing to close."""


def checked_socket(addr_info: Any) -> socket.socket:
    """A socket for an address that may be dialled; the last test before a connection."""
    family, kind, proto, _, sockaddr = addr_info
    if not is_public(str(sockaddr[0])):
        raise PrivateAddressError(f"{sockaddr[0]} is not a public address")
    return socket.socket(family, kind, proto)


def _check_files() -> None:
    """Raises OSError where no more files can be opened."""
    os.close(os.open(os.devnull, os.O_RDONLY))
