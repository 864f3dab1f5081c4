"""The figures of a run, made from its directory alone."""
