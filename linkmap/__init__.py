"""linkmap crawls the web into a directed link graph that can be trusted, asked and drawn.

The Python face: `crawl`, `Settings`, `query`, `load_graph`, `open_store`. Each is imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from linkmap.runs import CrawlResult, crawl
    from linkmap.settings import Settings

_HOMES = {
    "CrawlResult": "linkmap.runs",
    "LinkmapError": "linkmap.model",
    "Settings": "linkmap.settings",
    "UsageError": "linkmap.model",
    "crawl": "linkmap.runs",
}

__all__ = ["CrawlResult", "Settings", "__version__", "crawl"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'linkmap' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
