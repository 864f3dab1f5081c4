"""Where measurements are kept: one small JSON file per benchmark, from which the report is made."""

import argparse
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "results"


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The option that says where results go."""
    parser.add_argument(
        "--results",
        type=Path,
        help=f"folder for the results; without it those of whole runs go to {FOLDER.name}/ beside the script",
    )


def save(name: str, results: dict[str, Any], folder: Path | None, *, is_whole: bool) -> None:
    """Write the results of one benchmark.

    Args:
        name: of the benchmark.
        results: what it measured, with the machine it was measured on.
        folder: where to; None takes `FOLDER`, but only for a whole run, which a trial must not replace.
        is_whole: whether everything was measured, and at full size.
    """
    if folder is None and not is_whole:
        return
    folder = folder or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")


def load(name: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The results of one benchmark, or None where it has not been run."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None
