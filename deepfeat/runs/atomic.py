"""Moved to `deepfeat.writing.atomic`; import it from there."""

from deepfeat.writing.atomic import *  # noqa: F403
