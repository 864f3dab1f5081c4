"""Moved to `deepfeat.writing.labels`; import it from there."""

from deepfeat.writing.labels import *  # noqa: F403
