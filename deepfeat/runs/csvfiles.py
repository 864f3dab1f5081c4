"""Moved to `deepfeat.writing.csvfiles`; import it from there."""

from deepfeat.writing.csvfiles import *  # noqa: F403
