"""How fast linkmap is, measured on generated and real sites against what its users would pick instead."""
