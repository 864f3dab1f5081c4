"""A first experiment: one that fits a table of yours, or an example with its data."""
