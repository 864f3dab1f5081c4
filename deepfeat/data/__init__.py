"""Data: from a file to a checked, encoded table, and the sharing out of its rows."""
