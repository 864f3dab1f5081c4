"""The functions that a scheduler hands to workers. It loads them itself, so this module loads nothing.

A scheduler that loaded TensorFlow for them would not answer anybody meanwhile.
"""


def train(told: str) -> str:
    """See `deepfeat.runs.engines.tasks.train`."""
    from deepfeat.runs.engines import tasks  # noqa: PLC0415 - only workers need what it needs

    return tasks.train(told)


def ask(told: str) -> str:
    """See `deepfeat.runs.engines.tasks.ask`."""
    from deepfeat.runs.engines import tasks  # noqa: PLC0415 - as above

    return tasks.ask(told)
