"""The experiment between text and objects: plain values, where each came from, and what is wrong so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deepfeat.config.values import KeyPath, Value, shown_path
from deepfeat.errors import Problem


@dataclass(frozen=True)
class Place:
    """Where something is written.

    Attributes:
        source: a file, or `command line`.
        line: 1-based; 0 where there is none.
        column: 1-based; 0 where there is none.
    """

    source: str
    line: int = 0
    column: int = 0

    def problem(self, path: KeyPath, message: str) -> Problem:
        """A problem here, about the setting at `path`."""
        text = f"{shown_path(path)}: {message}" if path else message
        return Problem(self.source, self.line, self.column, text)


COMMAND_LINE = Place("command line")


def _nearest(places: Mapping[KeyPath, Place], path: KeyPath) -> Place:
    for length in range(len(path), -1, -1):
        if path[:length] in places:
            return places[path[:length]]
    return COMMAND_LINE


class Positions:
    """Where each setting of an experiment is written.

    Args:
        places: of every key and list entry; the one of `()` is the beginning.
    """

    def __init__(self, places: Mapping[KeyPath, Place]) -> None:
        self._places = dict(places)

    def place(self, path: KeyPath) -> Place:
        """The place of a setting, or of the nearest one around it."""
        return _nearest(self._places, path)

    def at(self, path: KeyPath) -> tuple[int, int]:
        """Line and column of a setting or of the nearest one around it, (0, 0) if it is not from a file."""
        place = self.place(path)
        return place.line, place.column


@dataclass
class Draft:
    """What the steps of loading hand on to each other, and change.

    Attributes:
        source: name of the file, for messages.
        tree: the plain values.
        places: of every key and list entry.
        problems: what is wrong so far.
        faulty: settings that have their problem already; nothing more is said of them or their parts.
        spelled: settings that came from the environment or the command line, as they were spelled there.
    """

    source: str
    tree: Value = None
    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    faulty: set[KeyPath] = field(default_factory=set)
    spelled: dict[KeyPath, str] = field(default_factory=dict)

    def note(self, path: KeyPath, message: str, place: Place | None = None) -> None:
        """Notes a problem that leaves the value of a setting readable.

        Args:
            path: of the setting.
            message: what is wrong; what to do.
            place: if not where the setting is.
        """
        self.problems.append((place or _nearest(self.places, path)).problem(path, message))

    def fault(self, path: KeyPath, message: str) -> None:
        """Notes a problem that spoils a setting, unless it or what is around it is spoilt already."""
        if not self.is_faulty(path):
            self.note(path, message)
            self.faulty.add(path)

    def is_faulty(self, path: KeyPath) -> bool:
        """Whether a setting, or one around it, has its problem already."""
        return any(path[:length] in self.faulty for length in range(len(path) + 1))

    def place_at(self, path: KeyPath, place: Place) -> None:
        """Says where a setting is now written, and forgets where it and its parts were."""
        for known in [known for known in self.places if known[: len(path)] == path]:
            del self.places[known]
        self.places[path] = place
