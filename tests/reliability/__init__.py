"""Promises that docs/reliability.md makes, as tests."""
