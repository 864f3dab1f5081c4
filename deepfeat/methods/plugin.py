"""A plugin that was loaded, and one that cannot be used."""

import traceback
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Plugin:
    """A plugin that was loaded.

    Attributes:
        name: the file without its suffix, or the name of the entry point.
        source: path of the file, or the distribution that brought it.
        version: of the distribution; of a file its `__version__`, or nothing.
        sha256: digest of the file that was executed.
        module: what was loaded.
    """

    name: str
    source: str
    version: str
    sha256: str
    module: object = field(repr=False)


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin, or a part of one, that cannot be used.

    Attributes:
        name: as of a `Plugin`.
        source: as of a `Plugin`.
        error: what is wrong, in one line.
        traceback: where it happened; empty where that says nothing.
        provides: names of the methods or networks that are missing because of it, where they are known.
        lacks: the module that it imports and that is not installed; empty where it fails for another reason.
    """

    name: str
    source: str
    error: str
    traceback: str = field(default="", repr=False)
    provides: tuple[str, ...] = ()
    lacks: str = ""

    @classmethod
    def because(cls, name: str, source: str, error: BaseException) -> "BrokenPlugin":
        """A plugin that raised."""
        lines = str(error).strip().splitlines()
        first = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        lacks = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
        return cls(name, source, first, "".join(traceback.format_exception(error)), lacks=lacks)
