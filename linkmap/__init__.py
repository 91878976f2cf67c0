"""linkmap crawls the web into a directed link graph that can be trusted, asked and drawn."""

__version__ = "0.1.0"
