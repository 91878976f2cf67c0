"""The graph as a file that other programs open. A file stands whole under its name, or not at all."""
