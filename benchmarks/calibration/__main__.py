"""Calibration of the methods that do inference: `python benchmarks/calibration [cell ...]`.

Draws every design hundreds of times, asks the methods, and writes `docs/calibration.md` from what is in
`benchmarks/results/calibration/`. What is there is not measured again, so an interrupted run is resumed by
the same command. To add a design, add a file to `cells/`.
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from measure import RESULTS, cells, measure  # noqa: E402 - the path comes first
from page import write_page  # noqa: E402
from records import Records  # noqa: E402


def main() -> int:
    """Measure what was named, or everything, and write the page."""
    known = cells()
    parser = argparse.ArgumentParser(
        prog="python benchmarks/calibration",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="cell", help=f"any of {', '.join(known)}")
    parser.add_argument("--repetitions", type=int, help="fewer than the cell's own, for a first look")
    parser.add_argument("--page-only", action="store_true", help="write the page from what is there")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in known]:
        parser.error(f"there is no cell {', '.join(unknown)}; choose from {', '.join(known)}")
    if not chosen.page_only:
        for name in chosen.names or known:
            cell = known[name]
            measure(cell, Records(RESULTS / f"{name}.jsonl"), chosen.repetitions or cell.repetitions)
    print(f"wrote {write_page(known)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
