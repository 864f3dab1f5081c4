"""Writes an example anywhere: its experiment, what else it needs, and its data."""

import runpy
import shutil
from collections.abc import Mapping
from pathlib import Path

from deepfeat.errors import InputError, Problem, did_you_mean
from deepfeat.writing.atomic import make_directory

EXPERIMENT = "experiment.yml"
MAKER = "make_data.py"
_TABLES = frozenset({".csv", ".tsv", ".parquet"})


def shipped() -> Path:
    """The folder of the examples, beside the package as the shipped plugins are."""
    return Path(__file__).parents[2] / "examples"


def examples(folder: Path) -> Mapping[str, str]:
    """Every example and what it is about.

    Args:
        folder: of the examples; each is a folder, or a file `NAME.yml` with what it needs in files of its
            name beside it, and its experiment begins with what it is about.

    Returns:
        Name and the first sentence of the experiment's comment, sorted by name.
    """
    experiments = {path.parent.name: path for path in folder.glob(f"*/{EXPERIMENT}")}
    experiments |= {path.stem: path for path in folder.glob("*.yml")}
    found = {}
    for name, path in sorted(experiments.items()):
        if about := _comment(path.read_text(encoding="utf-8")):
            found[name] = about
    return found


def write_demo(name: str, target: Path, folder: Path) -> list[str]:
    """Write an example with its data.

    Args:
        name: of the example.
        target: the folder to write; made where it does not exist, and refused where it holds anything.
        folder: of the examples.

    Returns:
        What was written, a line each.

    Raises:
        InputError: there is no such example, or the folder is not empty or cannot be written.
    """
    known = examples(folder)
    if name not in known:
        reason = f"there is no example {name}; {did_you_mean(name, known)}"
        if not known:
            reason = f"there are no examples in {folder}; they come with the repository"
        raise InputError(Problem("command line", 0, 0, reason))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        reason = f"there is something already; name another folder: deepfeat demo {name} FOLDER"
        raise InputError(Problem(str(target), 0, 0, reason))
    make_directory(target)
    lines = [f"{target / EXPERIMENT}: {known[name]}"]
    source = folder / name
    if not source.is_dir():
        for path in folder.glob(f"{name}.*"):
            shutil.copyfile(path, target / (EXPERIMENT if path.suffix == ".yml" else path.name))
        return lines
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix not in _TABLES:  # tables are made, not copied
            shutil.copyfile(path, target / path.name)
    if (source / MAKER).exists():
        lines.append(str(runpy.run_path(str(source / MAKER))["make"](target)))
    return lines


def _comment(text: str) -> str:
    """The first sentence of the comment that a file begins with."""
    words: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        words += line.lstrip("#").split()
    sentence = " ".join(words)
    ends = [end for end in (sentence.find(f"{mark} ") for mark in ".?") if end >= 0]
    return sentence[: min(ends) + 1] if ends else sentence
