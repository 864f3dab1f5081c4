"""The commands that do not run an experiment, one thin function each. Imports nothing heavy."""
