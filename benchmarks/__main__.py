"""The measurements of `docs/performance.md`: `python benchmarks [name ...] [options of theirs]`.

Without names everything is measured, one after the other, and the page is written anew from what is in
`benchmarks/results/`. Run it on an idle machine: the load before each run is written down. `--quick` after
names shows within minutes that they work; the page is left as it is.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from report import BENCHMARKS, write_page

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run what was named, each in a process of its own; 1 if one of them failed."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Options are handed to every benchmark named; see `python benchmarks/NAME.py --help`.",
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of {', '.join(BENCHMARKS)}")
    chosen, options = parser.parse_known_args()
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; choose from {', '.join(BENCHMARKS)}")
    # What is measured is the code beside this folder, installed or not.
    path = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    failed = []
    for name in chosen.names or BENCHMARKS:
        print(f"## {name}\n", flush=True)
        script = str(HERE / f"{name}.py")
        done = subprocess.run(
            [sys.executable, script, *options], env=os.environ | {"PYTHONPATH": path}, check=False
        )
        print(flush=True)
        if done.returncode:
            failed.append(name)
    if not options:
        print(f"wrote {write_page()}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
