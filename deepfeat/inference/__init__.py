"""Tests, estimates and p-values for features: the statistics alone.

Arrays in, arrays out: nothing here knows about tables, networks or methods, so every figure can be checked by
hand. What carries a p-value in deepfeat, and what does not, is explained in `docs/inference.md`.
"""
