"""Debian's documentation packages on loopback: a crawl must find exactly what an independent oracle finds."""
