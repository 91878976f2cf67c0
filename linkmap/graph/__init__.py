"""The map as a graph in memory: levels, compressed sparse rows, measures, and the networkx face."""
