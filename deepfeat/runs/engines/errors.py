"""What keeps an engine from going on."""

from deepfeat.errors import DeepfeatError, ExitCode


class EngineError(DeepfeatError):
    """The engine cannot go on; what was finished is kept, and the same command goes on."""

    exit_code = ExitCode.INTERRUPTED
