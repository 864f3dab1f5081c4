"""Writes `docs/performance.md` from the results of the benchmarks: `python benchmarks/report.py`.

A benchmark is a script beside this file that leaves its results, with the machine that they were measured
on, in `results/<its name>.json`. Its docstring says how it measures; its function `markdown(results)`, where
it has one, makes the tables, otherwise they are made of what is in the file.
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

from machine import describe
from results import load

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
BENCHMARKS = (
    "speed",
    "scaling",
    "large_table",
    "ledger",
    "report_page",
    "images",
    *sorted(path.stem for path in HERE.glob("methods_*.py")),
)
INTRODUCTION = """\
# Performance

How fast deepfeat is, how it grows and what it needs, measured. This page is written by the benchmarks
themselves; everything on it is made anew by one command, which takes an hour or two on a small machine and
wants it idle:

    make bench

A part of it, and a quick look whether everything works:

    make bench ARGS="scaling"
    make bench ARGS="scaling large_table --quick"

The figures are in `benchmarks/results/`, a file for each table, with the machine they were measured on.
"""

Results = dict[str, Any]


def write_page(page: Path = PAGE) -> Path:
    """Write the page from the results there are, and return where it is."""
    sections = [section(name, results) for name in BENCHMARKS if (results := load(name)) is not None]
    page.write_text("\n".join([INTRODUCTION, *sections]))
    return page


def section(name: str, results: Results) -> str:
    """What a benchmark measures, how, where it was measured, and the tables."""
    title, body = explanation(name)
    tables = getattr(import_module(name), "markdown", plain)
    parts = [f"## {title}", body]
    if "machine" in results:
        parts.append(describe(results["machine"]))
    return "\n\n".join([*(part for part in parts if part), tables(results)]) + "\n"


def explanation(name: str) -> tuple[str, str]:
    """First line and the rest of the docstring of a benchmark."""
    document = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text())) or name
    title, _, body = document.partition("\n")
    return title.partition(": `python")[0].rstrip("."), body.strip()


def plain(results: Results, level: int = 3) -> str:
    """Tables of whatever is in a result file: rows as they are, single values below each other."""
    parts = []
    rows = results.get("rows")
    if isinstance(rows, list):
        parts.append(_table(list(rows[0]), [list(row.values()) for row in rows]))
    single = {key: value for key, value in results.items() if not isinstance(value, dict | list)}
    if single:
        parts.append(_table(["", "value"], [[key, value] for key, value in single.items()]))
    for key, value in results.items():
        if isinstance(value, dict) and key != "machine":
            parts.append(f"{'#' * level} {key.capitalize()}")
            if "machine" in value:
                parts.append(describe(value["machine"]))
            parts.append(plain(value, level + 1))
    return "\n\n".join(parts)


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('_', ' ') for cell in line)} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    print(f"wrote {write_page()}")
