"""Bytes in, links with their evidence out: pure, and safe to run in another process."""
