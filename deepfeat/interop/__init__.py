"""The way into other tools: a run as pandas frames, a scikit-learn selector, experiment trackers."""
