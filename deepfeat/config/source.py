"""Strict YAML: plain values with the place of every key, and none of YAML's surprises.

YAML has more in it than an experiment needs, and each extra can hurt: a key given twice silently wins,
aliases can grow a kilobyte into gigabytes, tags can name code, and `no` means false. Here all of that is
refused or taken as the text it looks like (see `deepfeat.config.values`), and what is refused is said with
its place.
"""

from typing import Protocol

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from deepfeat.config.draft import Draft, Place
from deepfeat.config.syntax import explain
from deepfeat.config.values import KeyPath, Value, is_text, read_scalar, shown

MAX_DEPTH = 20  # levels; an experiment has about six
MAX_EVENTS = 50_000  # about a second of reading

_NOT_TEXT = "the text holds a character that cannot be stored; remove the escape that makes it"


def parse_yaml(text: str, source: str) -> Draft:
    """Reads one YAML document of plain values.

    Args:
        text: of the document.
        source: name of the file, for messages.

    Returns:
        The values with their places, and in `problems` everything that is wrong. The value is None where the
        document has no contents or its syntax is broken.
    """
    draft = Draft(source, places={(): Place(source, 1, 1)})
    try:
        _Reader(text, draft).read()
    except ReaderError as error:
        before = text[: error.position]
        place = Place(source, before.count("\n") + 1, len(before) - before.rfind("\n"))
        draft.note((), f"control character U+{error.character:04X}; remove it", place)
    return draft


class _Mark(Protocol):
    """A position of PyYAML, from 0."""

    line: int
    column: int


class _TooMuch(Exception):  # noqa: N818 - a limit, not an error of ours
    """The document is beyond a limit."""

    def __init__(self, message: str, mark: _Mark | None) -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark


class _Reader:
    """Builds the values from PyYAML's events, which come one by one: a hostile document costs nothing."""

    def __init__(self, text: str, draft: Draft) -> None:
        self.loader = yaml.SafeLoader(text)
        self.draft = draft
        self.events = 0
        self.depth = 0

    def read(self) -> None:
        """Reads everything into the draft."""
        try:
            self._next()  # the stream starts
            if isinstance(self._next(), StreamEndEvent):
                return
            self.draft.tree = self._value(self._next(), ())
            self._next()  # the document ends
            if isinstance(event := self._next(), DocumentStartEvent):
                self._note(
                    (), "a second document begins here; put one experiment in one file", event.start_mark
                )
        except MarkedYAMLError as error:
            mark, message = explain(error, self.loader.get_mark())
            self._break_off(message, mark)
        except (ValueError, OverflowError):
            # PyYAML turns escapes and version numbers into integers without a look at their size.
            self._break_off("an escape or directive is beyond all bounds; remove it", self.loader.get_mark())
        except _TooMuch as limit:
            self._break_off(limit.message, limit.mark)

    def _next(self) -> Event:
        event: Event = self.loader.get_event()  # type: ignore[no-untyped-call]
        self.events += 1
        if self.events > MAX_EVENTS:
            message = f"the file holds more than {MAX_EVENTS} values; this cannot be an experiment"
            raise _TooMuch(message, event.start_mark)
        if isinstance(event, CollectionStartEvent):
            self.depth += 1
        elif isinstance(event, CollectionEndEvent):
            self.depth -= 1
        if self.depth > MAX_DEPTH:
            raise _TooMuch(
                f"more than {MAX_DEPTH} levels inside each other; write it flatter", event.start_mark
            )
        return event

    def _value(self, event: Event, path: KeyPath) -> Value:
        self._refuse_extras(event, path)
        if isinstance(event, ScalarEvent):
            if not is_text(event.value):
                self._note(path, _NOT_TEXT, event.start_mark)
                self.draft.faulty.add(path)
                return None
            return read_scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, MappingStartEvent):
            if not path:
                self.draft.places[()] = self._place(event.start_mark)
            return self._mapping(path)
        if isinstance(event, CollectionStartEvent):
            return self._list(path)
        return None  # an alias, refused above

    def _list(self, path: KeyPath) -> Value:
        values: list[Value] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            here = (*path, len(values))
            self.draft.places[here] = self._place(event.start_mark)
            values.append(self._value(event, here))
        return values

    def _mapping(self, path: KeyPath) -> Value:
        values: dict[str, Value] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, path)
            if key is None:
                self._skip(self._next())
                continue
            here = (*path, key)
            if key in values:
                first = self.draft.places[here].line
                self._note(here, f"given twice, first on line {first}; keep one of them", event.start_mark)
                self._skip(self._next())
                continue
            self.draft.places[here] = self._place(event.start_mark)
            values[key] = None  # keeps the order of the file
            values[key] = self._value(self._next(), here)
        return values

    def _key(self, event: Event, path: KeyPath) -> str | None:
        """The key, which is text whatever it looks like; None if it is refused."""
        self._refuse_extras(event, path)
        if not isinstance(event, ScalarEvent):
            if isinstance(event, CollectionStartEvent):
                self._skip(event)
                self._note(path, "a key is a list or a mapping; write a word", event.start_mark)
            return None
        plain = event.implicit[0]
        if plain and event.value == "<<":
            self._note(path, "merge keys (<<) are not allowed; write the settings out", event.start_mark)
        elif plain and not event.value:
            self._note(path, "a key is missing before ':'; write it", event.start_mark)
        elif not is_text(event.value):
            self._note(path, _NOT_TEXT, event.start_mark)
        else:
            return str(event.value)
        return None

    def _refuse_extras(self, event: Event, path: KeyPath) -> None:
        if not isinstance(event, NodeEvent):
            return
        if isinstance(event, AliasEvent):
            message = f"aliases are not allowed; write out what *{shown(event.anchor or '')} stands for"
            self._note(path, message, event.start_mark)
            self.draft.faulty.add(path)
        elif event.anchor is not None:
            self._note(path, f"anchors are not allowed; remove &{shown(event.anchor)}", event.start_mark)
        tag = getattr(event, "tag", None)
        if tag is not None:
            name = shown(tag.replace("tag:yaml.org,2002:", "!!"))
            message = f"tags are not allowed; remove {name}, or put the text in quotes"
            self._note(path, message, event.start_mark)
            self.draft.faulty.add(path)

    def _skip(self, event: Event) -> None:
        """Passes over a value that will not be used."""
        outside = self.depth - isinstance(event, CollectionStartEvent)
        while self.depth > outside:
            self._next()

    def _break_off(self, message: str, mark: _Mark | None) -> None:
        """Notes why nothing more can be read; half of a document says nothing of what is missing in it."""
        self.draft.tree = None
        self._note((), message, mark)

    def _note(self, path: KeyPath, message: str, mark: _Mark | None) -> None:
        self.draft.note(path, message, self._place(mark))

    def _place(self, mark: _Mark | None) -> Place:
        mark = mark or self.loader.get_mark()
        return Place(self.draft.source, mark.line + 1, mark.column + 1)
