"""linkmap crawls the web into a directed link graph that can be trusted, asked and drawn.

The Python face: `crawl`, `Settings`, `query`, `load_graph`, `open_store`. Each is imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from linkmap.asking import Answer, query
    from linkmap.credentials import HostHeader
    from linkmap.errors import LinkmapError, UsageError
    from linkmap.graph.networkx_face import load_graph
    from linkmap.hosts import HostRule
    from linkmap.runs import CrawlResult, crawl
    from linkmap.settings import Settings
    from linkmap.store.view import open_store

_HOMES = {
    "Answer": "linkmap.asking",
    "CrawlResult": "linkmap.runs",
    "HostHeader": "linkmap.credentials",
    "HostRule": "linkmap.hosts",
    "LinkmapError": "linkmap.errors",
    "Settings": "linkmap.settings",
    "UsageError": "linkmap.errors",
    "crawl": "linkmap.runs",
    "load_graph": "linkmap.graph.networkx_face",
    "open_store": "linkmap.store.view",
    "query": "linkmap.asking",
}

__all__ = [
    "Answer",
    "CrawlResult",
    "HostHeader",
    "HostRule",
    "LinkmapError",
    "Settings",
    "UsageError",
    "__version__",
    "crawl",
    "load_graph",
    "open_store",
    "query",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'linkmap' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
