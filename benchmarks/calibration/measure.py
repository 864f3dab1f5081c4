"""Asks the methods of a cell about its repetitions, chunk by chunk, and keeps what they said."""

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from cell import Array, Cell, Draw, Outcome

from deepfeat.methods.registry import load_registry
from deepfeat.testing.repeated import Repetitions

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results" / "calibration"
FIELDS = ("p_value", "effect", "ci_low", "ci_high", "selected")
DIGITS = 5


def cells() -> dict[str, Cell]:
    """All cells by name, file by file; a new file in `cells/` adds its own."""
    sys.path.insert(0, str(HERE / "cells"))
    found = [
        cell for path in sorted((HERE / "cells").glob("*.py")) for cell in import_module(path.stem).CELLS
    ]
    return {cell.name: cell for cell in found}


def measure(cell: Cell, records: Any, repetitions: int) -> None:  # noqa: ANN401 - Records
    """Whatever chunks of a cell are missing.

    Args:
        cell: which.
        records: where chunks are kept, at once.
        repetitions: how many in all.
    """
    for first in range(0, repetitions, cell.chunk):
        numbers = range(first, min(first + cell.chunk, repetitions))
        key = {"cell": cell.name, "first": first, "count": len(numbers), "asked": _asked(cell)}
        if records.get(key) is None:
            start, cpu = time.monotonic(), time.process_time()
            result, fits = ask(cell, numbers)
            spent = {
                "seconds": round(time.monotonic() - start, 1),
                "cpu_seconds": round(time.process_time() - cpu, 1),
                "networks": fits,
            }
            records.add(key, {"spent": spent, "answers": result})
            print(f"{cell.name}: repetitions {first} to {numbers[-1]}, {spent}", flush=True)


def ask(cell: Cell, numbers: range) -> tuple[dict[str, dict[str, list[Any]]], int]:
    """By method and field one row of features per repetition, and how many networks were trained."""
    drawn = [cell.draw(number) for number in numbers]
    methods = _methods()
    # Estimates are only kept where the truth is known, selections where there are no p-values to select by.
    kept = FIELDS[:-1] if drawn[0].effects else FIELDS[:1]
    found: dict[str, dict[str, list[Any]]] = {}
    with TemporaryDirectory() as folder:
        together = Repetitions([own.data for own in drawn], Path(folder), seed=numbers[0])
        for name, params in cell.methods.items():
            method = methods[name]
            answers = together.ask(method(method.Params(**params)))
            fields = kept if answers[0].p_value is not None else FIELDS[-1:]
            found[name] = {
                field: [_short(getattr(answer, field)) for answer in answers]
                for field in fields
                if getattr(answers[0], field) is not None
            }
    for name, baseline in cell.baselines.items():
        given = [baseline(own.data) for own in drawn]
        found[name] = {field: [_short(own[field]) for own in given] for field in kept}
    return found, together.fits


def outcomes(cell: Cell, records: Any, repetitions: int) -> dict[str, Outcome]:  # noqa: ANN401
    """By method what it said in the repetitions that there are."""
    parts = dict(_parts(cell, records, repetitions))
    if not parts:
        return {}
    drawn = [cell.draw(number) for numbers in parts for number in numbers]
    answers = list(parts.values())
    return {name: _outcome(drawn, [part[name] for part in answers]) for name in answers[0]}


def _parts(cell: Cell, records: Any, repetitions: int) -> Iterator[tuple[range, Any]]:  # noqa: ANN401
    for first in range(0, repetitions, cell.chunk):
        count = min(cell.chunk, repetitions - first)
        key = {"cell": cell.name, "first": first, "count": count, "asked": _asked(cell)}
        if (record := records.get(key)) is not None:
            yield range(first, first + count), record["answers"]


def _outcome(drawn: list[Draw], parts: list[Mapping[str, Any]]) -> Outcome:
    features = drawn[0].data.n_features

    def joined(field: str) -> Array:
        if field not in parts[0]:
            return np.full((len(drawn), features), np.nan)
        rows = [row for part in parts for row in part[field]]
        return np.array([[np.nan if value is None else value for value in row] for row in rows])

    relevant = np.array([np.isin(np.arange(features), own.relevant) for own in drawn])
    effects = np.array([own.effects or (np.nan,) * features for own in drawn])
    return Outcome(*(joined(field) for field in FIELDS), relevant=relevant, effects=effects)


def _short(values: Array) -> list[float | None]:
    return [None if np.isnan(value) else float(f"{value:.{DIGITS}g}") for value in np.asarray(values)]


@cache
def _methods() -> dict[str, Any]:
    """The methods there are; every plugin is tried when they are loaded, so once is enough."""
    return load_registry(environ={}).methods


def _asked(cell: Cell) -> str:
    """Changes with the methods asked, their parameters and defaults: then everything is measured anew."""
    methods = _methods()
    described = json.dumps(
        {name: methods[name].Params(**params).model_dump() for name, params in cell.methods.items()},
        sort_keys=True,
    )
    return hashlib.sha256(described.encode()).hexdigest()[:12]
