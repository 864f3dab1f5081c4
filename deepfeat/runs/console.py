"""What a run says while it works: a live display on a terminal, plain lines anywhere else."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TextIO

import pandas as pd
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from deepfeat.ranking.answer import Answer
from deepfeat.runs.logfile import LOGGER, logged_to
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.progress import Clock, Rarely, TrainingProgress
from deepfeat.runs.ranktable import ranking_lines
from deepfeat.visible import on_own_lines, visible
from deepfeat.writing.labels import counted, duration
from deepfeat.writing.terminal import styled_console

# marks a log record that is already on the console
_SHOWN = {"shown": True}
_NARROWEST = 20


class RunConsole:
    """Tells the user what happens.

    Text is never taken for markup, control characters in it are written out, and styles are left out where
    the output is no terminal or `NO_COLOR` is set.

    Args:
        file: where to print; standard output by default.
        width: cells per line; by default those of the terminal, or 80.
        clock: seconds, growing.
    """

    def __init__(
        self, file: TextIO | None = None, *, width: int | None = None, clock: Clock = time.monotonic
    ) -> None:
        stream = sys.stdout if file is None else file
        if not (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf"):
            # a terminal that cannot show a letter must not end the run
            getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
        self._rich = styled_console(stream, width=width)
        # FORCE_COLOR makes rich take anything for a terminal; a bar needs a real one, and escape codes
        self.is_live = stream.isatty() and self._rich.is_interactive and self._rich.color_system is not None
        self._clock = clock
        self._start = clock()

    def log_to(self, path: Path) -> AbstractContextManager[None]:
        """Log to a file meanwhile, and show on the console what is logged at INFO or above.

        Raises:
            OutputError: the file cannot be opened.
        """
        return logged_to(path, _ConsoleHandler(self))

    def stage(self, name: str) -> None:
        """A new part of the work begins."""
        self._say(name, "bold")

    def method(self, name: str) -> None:
        """A method is being asked."""
        self._say(f"Asking {name}", "bold")

    def note(self, message: str) -> None:
        """Something worth knowing."""
        self._say(f"  {message}")

    def method_progress(self) -> Callable[[int, int], None]:
        """What a method reports to: a line every few seconds says how far it is."""
        rarely = Rarely(self._clock)

        def show(done: int, total: int) -> None:
            if rarely.due():
                self._say(f"  {done:,} of {total:,} done")

        return show

    def warning(self, message: str) -> None:
        """Something that may be wrong, and does not stop the run."""
        shown = visible(message)
        self.show(f"Warning: {shown}", "yellow")
        LOGGER.warning("%s", shown, extra=_SHOWN)

    @contextmanager
    def training(self, total: int, done: int = 0) -> Iterator[TrainingProgress]:
        """Show the progress of a training as long as the context lasts.

        On a terminal a bar; elsewhere a line at the beginning, one every few seconds, and one at the end.

        Args:
            total: members to train.
            done: members that an earlier run trained.

        Yields:
            The object whose `update(done, epoch, valid_loss)` is called as the training goes on.
        """
        networks = counted(total, "network")
        self.stage(f"Training {networks}" + (f", {done:,} of them are there already" if done else ""))
        display = self._bar if self.is_live else self._lines
        with display(total, done) as progress:
            try:
                yield progress
            except BaseException:
                self._say(f"  stopped: {progress.done:,} of {networks} trained")
                raise
        took = f"  {progress.done:,} of {networks} trained in {duration(progress.pace.elapsed)}"
        loss = progress.valid_loss
        self._say(took if loss is None else f"{took}, mean validation loss {loss:.4g}")

    def ranking(
        self,
        table: pd.DataFrame,
        *,
        top: int = 20,
        title: str = "Which features matter",
        confidence: float = 0.95,
    ) -> None:
        """Print the best features with bars.

        Args:
            table: as `build_ranking` returns it.
            top: rows shown.
            title: printed above.
            confidence: of the interval.
        """
        self._rich.print()
        self._rich.print(Text(visible(title), style="bold"))
        ascii_only = self._rich.options.ascii_only
        for line in ranking_lines(
            table, width=self._rich.width, top=top, confidence=confidence, ascii_only=ascii_only
        ):
            self._rich.print(line, soft_wrap=True)
        self._rich.print()

    def answer(self, said: Answer) -> None:
        """Print the answer in words: the sentences to quote, then what they rest on."""
        style = "bold" if said.usable else "yellow"
        for sentence in said.headline:
            self._say(sentence, style)
        for sentence in said.details:
            self.note(sentence)

    def finished(self, paths: RunPaths) -> None:
        """Say where the results are, and how long it took."""
        self._say(f"Finished in {duration(self._clock() - self._start)}. Results in {paths.root}", "bold")
        results = (
            (paths.ranking, "every feature, ranked"),
            (paths.answer, "the answer in words, and what it rests on"),
            (paths.skill, "the networks beside a constant, a linear model and trees"),
            (paths.report, "the report"),
            (paths.figures, "the figures"),
            (paths.methods, "the scores of each network, a file per method"),
            (paths.members, "how each network trained, and its held-out scores"),
            (paths.models, "the trained networks, for Keras"),
            (paths.provenance, "versions, machine and digests, to repeat it"),
        )
        for path, meaning in results:
            if path.exists():
                self.show(f"  {path.name:<12} {meaning}")

    def show(self, message: str, style: str = "") -> None:
        """Print a message without logging it; further lines of it are indented.

        On a terminal, long lines are broken between words; elsewhere a line stays one.
        """
        text = Text(on_own_lines(message), style=style)
        if not self._rich.is_terminal:
            self._rich.print(text, soft_wrap=True)
            return
        for line in text.split("\n"):
            indent = len(line.plain) - len(line.plain.lstrip(" "))
            for part in line[indent:].wrap(self._rich, max(self._rich.width - indent, _NARROWEST)):
                part.rstrip()
                self._rich.print(Text(" " * indent).append_text(part), soft_wrap=True)

    def _say(self, message: str, style: str = "") -> None:
        """Print and log one line."""
        shown = visible(message)
        self.show(shown, style)
        LOGGER.info("%s", shown.strip(), extra=_SHOWN)

    @contextmanager
    def _bar(self, total: int, done: int) -> Iterator[TrainingProgress]:
        """A live bar, which goes away at the end."""
        columns = (TextColumn("  "), BarColumn(bar_width=None), TextColumn("{task.fields[facts]}"))
        with Progress(*columns, console=self._rich, expand=True, transient=True) as live:
            # the first epoch takes a while, because the program is built for it
            begin = f"{done}/{total} networks, getting ready"
            task: TaskID = live.add_task("", total=total, completed=done, facts=begin)

            def show(progress: TrainingProgress) -> None:
                live.update(task, completed=progress.done, facts=", ".join(progress.facts(brief=True)))

            yield TrainingProgress(total, show, done, clock=self._clock)

    @contextmanager
    def _lines(self, total: int, done: int) -> Iterator[TrainingProgress]:
        """A plain line now and then."""
        rarely = Rarely(self._clock)

        def show(progress: TrainingProgress) -> None:
            if rarely.due():
                self._say("  " + ", ".join(progress.facts()))

        yield TrainingProgress(total, show, done, clock=self._clock)


class _ConsoleHandler(logging.Handler):
    """Shows on the console what others log: the training, a method, a plugin."""

    def __init__(self, console: RunConsole) -> None:
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, but for what the console itself said."""
        if getattr(record, "shown", False):
            return
        if record.levelno >= logging.WARNING:
            self._console.show(f"Warning: {record.getMessage()}", "yellow")
        else:
            self._console.show(f"  {record.getMessage()}")
