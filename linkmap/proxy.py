"""An HTTP proxy through which a crawl goes. Its user and password are sent to it alone and appear nowhere else.

The proxy resolves the names of the web, so that of the targets only literal addresses, and names that mean this
machine, can be judged. The proxy itself is the operator's choice and may have any address.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from linkmap.addresses import is_public
from linkmap.errors import UsageError
from linkmap.tls import describe_fault, find_fault
from linkmap.url import host as host_of
from linkmap.url import is_address

AUTHENTICATION_REQUIRED = 407


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy is, and who asks there. Its repr and `url` hold no user and no password."""

    url: str
    authorization: str | None = field(default=None, repr=False)
    """The value of the Proxy-Authorization header (RFC 9110, 11.7.2)."""

    def headers(self) -> dict[str, str]:
        """The headers for the proxy alone: with a CONNECT for https, with the request itself for plain http."""
        return {"Proxy-Authorization": self.authorization} if self.authorization else {}

    def failure(self, error: Exception, url: str) -> str | None:
        """What was wrong with the proxy, in a sentence that names it; None where the fault lies behind it."""
        import aiohttp  # here: the command line reads proxies also for questions, which need no HTTP

        if isinstance(error, aiohttp.ClientHttpProxyError):
            return self.refusal(error.status)
        if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientConnectorDNSError):
            return f"the proxy {self.url} cannot be reached: {error.os_error.strerror or error.os_error}"
        fault = find_fault(error)
        if fault is not None and getattr(error, "host", None) == urlsplit(self.url).hostname != host_of(url):
            return f"the proxy {self.url} cannot be trusted: {describe_fault(fault)}"
        return None

    def refusal(self, status: int) -> str:
        """What the proxy meant by a status of its own."""
        if status == AUTHENTICATION_REQUIRED:
            return f"the proxy {self.url} wants another user and password than --proxy gave (407)"
        return f"the proxy {self.url} made no connection ({status})"


def parse_proxy(written: str) -> Proxy:
    """The proxy of `http://[user:password@]host[:port]`, or https. Raises UsageError, which repeats nothing of it."""
    try:
        parts = urlsplit(written.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    name = parts.hostname or ""
    shown = f"{parts.scheme}://{f'[{name}]' if ':' in name else name}{port}"
    well_formed = name.isascii() and name.isprintable() and " " not in name
    if parts.scheme not in ("http", "https") or not name or not well_formed or parts.path.strip("/") or parts.query:
        raise UsageError(
            "--proxy takes http://HOST:PORT or https://HOST:PORT, with user:password@ before HOST if need be"
        )
    if parts.username is None:
        return Proxy(shown)
    both = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(shown, "Basic " + b64encode(both.encode()).decode())


def is_private_target(url: str) -> bool:
    """Whether a URL leads to an address that is not public, as far as that can be said without resolving names."""
    host = host_of(url) or ""
    if is_address(host):
        return not is_public(host)
    name = host.rstrip(".")
    return name == "localhost" or name.endswith(".localhost")
