"""What a run says."""

import io
import logging
import os
import pty
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfeat.ranking.table import build_ranking
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def on_terminal(
    speak: Callable[[RunConsole], None], monkeypatch: pytest.MonkeyPatch, **environment: str
) -> str:
    """What arrives at a real terminal."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    master, slave = pty.openpty()
    received = []

    def read() -> None:
        while chunk := _read(master):
            received.append(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        speak(RunConsole(terminal, width=80))
    reader.join()
    os.close(master)
    return b"".join(received).decode()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def train(console: RunConsole) -> None:
    with console.training(4) as progress:
        progress.update(1, 10, 0.5)
        progress.update(4, 20, 0.25)


def test_plain_lines_at_the_beginning_now_and_then_and_at_the_end() -> None:
    out, clock = io.StringIO(), Clock()
    console = RunConsole(out, clock=clock)
    assert not console.is_live
    with console.training(100, done=10) as progress:
        for epoch in range(200):
            clock.now += 0.1
            progress.update(10 + epoch // 4, epoch, 1.0 / (epoch + 1))
    lines = out.getvalue().splitlines()
    assert lines[0] == "Training 100 networks, 10 of them are there already"
    assert lines[-1] == "  59 of 100 networks trained in 20 s, mean validation loss 0.005"
    assert 2 <= len(lines) - 2 <= 4
    assert lines[1] == "  22/100 networks, epoch 50, mean validation loss 0.01961, about 33 s left"


def test_a_training_that_stops_says_how_far_it_came() -> None:
    out = io.StringIO()

    def interrupt() -> None:
        with RunConsole(out).training(5) as progress:
            progress.update(2, 7, 0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert out.getvalue().splitlines() == ["Training 5 networks", "  stopped: 2 of 5 networks trained"]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(train, monkeypatch)
    assert "━" in shown
    assert "4/4 networks, epoch 20, loss 0.25" in shown
    assert "4 of 4 networks trained" in shown


def test_a_terminal_that_cannot_draw_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(train, monkeypatch, TERM="dumb")
    assert "━" not in shown
    assert "\x1b" not in shown
    assert "4 of 4 networks trained" in shown


def test_forced_colour_does_not_make_a_file_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not RunConsole(io.StringIO()).is_live


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(console: RunConsole) -> None:
        console.warning("careful")

    assert "\x1b[33m" in on_terminal(warn, monkeypatch)
    assert on_terminal(warn, monkeypatch, NO_COLOR="1") == "Warning: careful\r\n"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_without_colour_there_is_no_escape_code_at_all(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def everything(console: RunConsole) -> None:
        train(console)
        console.stage("Reading")
        console.ranking(build_ranking(["a", "b"], {"m": np.eye(2)}, resamples=100), top=1)

    assert "\x1b[1m" in on_terminal(everything, monkeypatch)
    assert "\x1b" not in on_terminal(everything, monkeypatch, **environment)


def test_the_ranking_is_harmless_and_whole() -> None:
    out = io.StringIO()
    names = ["[red]markup[/red]", "esc\x1b[31m", "two\nlines", ":smile:", "zzz"]
    table = build_ranking(names, {"m": np.ones((3, 5))}, resamples=100)
    RunConsole(out, width=80).ranking(table, top=4, title="[b]heart[/b]")
    text = out.getvalue()
    for shown in ("[b]heart[/b]", "[red]markup[/red]", r"two\nlines", ":smile:"):
        assert shown in text
    assert "and 1 more in ranking.csv" in text
    assert "\x1b" not in text


def test_an_ascii_terminal_gets_ascii() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    console = RunConsole(out, width=80)
    console.ranking(build_ranking(["größe", "b"], {"m": np.eye(2)}, resamples=100))
    console.note("größe")
    out.flush()
    assert b"##" in raw.getvalue()
    assert b"gr\\xf6" in raw.getvalue()


def test_long_paths_are_not_broken(tmp_path: Path) -> None:
    out = io.StringIO()
    paths = RunPaths(tmp_path / ("x" * 100))
    paths.figures.mkdir(parents=True)
    paths.ranking.touch()
    RunConsole(out, width=60, clock=Clock()).finished(paths)
    first, *others = out.getvalue().splitlines()
    assert first == f"Finished in 0.0 s. Results in {paths.root}"
    assert [line.split()[0] for line in others] == ["ranking.csv", "figures"]


def test_console_and_log_tell_the_same_once(tmp_path: Path) -> None:
    out = io.StringIO()
    console = RunConsole(out)
    with console.log_to(tmp_path / "deepfeat.log"):
        console.stage("Reading")
        console.note("569 rows")
        console.warning("one class is rare")
        console.method("gate\x07")
        logging.getLogger("deepfeat.training").info("member 3 failed:\nloss is NaN")
        logging.getLogger("deepfeat.training").warning("slow [disk]")
        logging.getLogger("deepfeat.training").debug("detail")
    assert out.getvalue().splitlines() == [
        "Reading",
        "  569 rows",
        "Warning: one class is rare",
        r"Asking gate\x07",
        "  member 3 failed:",
        "    loss is NaN",
        "Warning: slow [disk]",
    ]
    log = [line.split(" ", maxsplit=1)[1] for line in (tmp_path / "deepfeat.log").read_text().splitlines()]
    assert log == [
        "INFO    deepfeat: Reading",
        "INFO    deepfeat: 569 rows",
        "WARNING deepfeat: one class is rare",
        r"INFO    deepfeat: Asking gate\x07",
        "INFO    deepfeat.training: member 3 failed:",
        "   loss is NaN",
        "WARNING deepfeat.training: slow [disk]",
        "DEBUG   deepfeat.training: detail",
    ]


def test_long_lines_are_broken_between_words_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "Of thirty features " + "and many more " * 10 + "this one matters most"
    shown = on_terminal(lambda console: console.note(sentence), monkeypatch, NO_COLOR="1")
    lines = shown.split("\r\n")[:-1]
    assert len(lines) > 1
    assert all(len(line) <= 80 and line.startswith("  ") for line in lines)
    assert " ".join(line.strip() for line in lines) == sentence
    file = io.StringIO()
    RunConsole(file, width=80).note(sentence)
    assert file.getvalue() == f"  {sentence}\n"
