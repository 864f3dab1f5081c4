"""Files in the folder of a method that are written in one room and read in another."""

TESTS = "tests.csv"
"""The table of all tests of a method: a row per feature and per cluster."""
