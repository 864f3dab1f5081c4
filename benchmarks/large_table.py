"""A table of 4 GiB trained under a memory limit of 2 GiB: `python benchmarks/large_table.py`.

Writes a Parquet table of float32 numbers in row groups, so that this takes little memory too, and starts a
process under the limit (see `memory_limit.py`) that encodes it to a memory-mapped file and trains a few
networks of the default network for one epoch. Needs twice the size of the table on a disk for the time it
runs; a memory file system will not do. Prints what it found and writes `benchmarks/results/large_table.json`.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from machine import machine
from memory_limit import Limit, limited
from results import add_folder, save

NAME = "large_table"
ROWS, COLUMNS, LIMIT = 1 << 20, 1 << 10, 2 << 30
QUICK_ROWS, QUICK_COLUMNS = 1 << 15, 1 << 8
MEMBERS, EPOCHS = 4, 1
GROUP_BYTES = 1 << 26
MOST_DISK = 2.2
"""Times the size of the table: the table, and its encoded copy."""


def write_table(path: Path, rows: int, columns: int) -> None:
    """A Parquet table of `columns` normal inputs and a label that two of them decide, half of the time.

    Args:
        path: where to.
        rows: number of rows, written in groups of `GROUP_BYTES`.
        columns: number of inputs.
    """
    generator = np.random.default_rng(0)
    names = [f"x{j}" for j in range(columns)]
    schema = pa.schema([*((name, pa.float32()) for name in names), ("label", pa.int8())])
    group = max(1, GROUP_BYTES // (4 * columns))
    with pq.ParquetWriter(path, schema, use_dictionary=False, compression="none") as writer:
        for start in range(0, rows, group):
            size = min(group, rows - start)
            inputs = generator.standard_normal((columns, size), dtype=np.float32)
            label = inputs[0] + inputs[1] + generator.standard_normal(size, dtype=np.float32) > 0
            writer.write_table(pa.table([*map(pa.array, inputs), pa.array(label.astype(np.int8))], schema))
    _drop_from_cache(path)


def train(table: Path, scratch: Path, members: int) -> dict[str, Any]:
    """Load and train, in this process; what it took.

    Args:
        table: the table.
        scratch: where its encoded copy goes.
        members: networks to train.
    """
    from deepfeat.config.schema import DataConfig  # noqa: PLC0415 - only the process under the limit needs it
    from deepfeat.data.load import load_table  # noqa: PLC0415
    from deepfeat.ensemble import fit  # noqa: PLC0415
    from deepfeat.nets.default import Default  # noqa: PLC0415
    from deepfeat.training.plan import build_plan  # noqa: PLC0415
    from deepfeat.training.settings import merge_settings  # noqa: PLC0415
    from deepfeat.training.trainer import Trainer  # noqa: PLC0415

    begin = perf_counter()
    data = load_table(DataConfig(path=str(table)), table, scratch=scratch)
    loaded = perf_counter()
    network = Default()
    settings = merge_settings(network.training, {"epochs": EPOCHS}, data.task)
    plan = build_plan(data, settings.split, members, 0, network)
    ensemble = fit(plan, Trainer(data, network, settings))
    assert isinstance(data.x, np.memmap)
    assert len(ensemble.succeeded) == members
    return {
        "rows": data.n_rows,
        "columns": data.n_columns,
        "table_bytes": data.x.nbytes,
        "seconds_to_encode": loaded - begin,
        "seconds_to_train": perf_counter() - loaded,
        "auc": float(np.mean([record.scores["auc"] for record in ensemble.records])),
    }


def train_under(limit: Limit, table: Path, folder: Path, members: int) -> dict[str, Any]:
    """`train` in a process under a limit; whether it finished, and the most memory it took."""
    command = [sys.executable, __file__, "--train", str(table), "--results", str(folder)]
    child = subprocess.Popen(
        [*command, "--members", str(members)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit.enter,  # noqa: PLW1509 - no threads have been started yet
    )
    highest = [0]
    watching = threading.Thread(target=_watch, args=(limit, child, highest))
    watching.start()
    out, err = child.communicate()
    watching.join()
    finished = child.returncode == 0
    answer: dict[str, Any] = json.loads(out.splitlines()[-1]) if finished else {}
    if not finished:
        lines = err.strip().splitlines()
        killed = child.returncode == -signal.SIGKILL
        answer["failed"] = "killed, out of memory" if killed else (lines[-1] if lines else child.returncode)
    counted = {"peak_bytes": limit.peak(), "peak_anonymous_bytes": highest[0] or None}
    return {"finished": finished, **answer, **counted}


def _watch(limit: Limit, child: subprocess.Popen[str], highest: list[int]) -> None:
    """Keep the highest number of bytes that could not be taken back while `child` runs."""
    while child.poll() is None:
        highest[0] = max(highest[0], limit.anonymous() or 0)
        threading.Event().wait(0.2)


def _drop_from_cache(path: Path) -> None:
    """Let reading the file begin at the disk, and be counted for who reads it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def check_folder(folder: Path, table_bytes: int) -> None:
    """Refuse a folder that is in memory, or has no room.

    Raises:
        SystemExit: saying so.
    """
    mounts = [mount for mount in psutil.disk_partitions(all=True) if folder.is_relative_to(mount.mountpoint)]
    kind = max(mounts, key=lambda mount: len(mount.mountpoint)).fstype if mounts else ""
    if kind in {"tmpfs", "ramfs"}:
        sys.exit(f"{folder} is in memory ({kind}); name a folder on a disk with --folder")
    free = shutil.disk_usage(folder).free
    if free < MOST_DISK * table_bytes:
        wanted = MOST_DISK * table_bytes / 2**30
        sys.exit(
            f"{folder} has {free / 2**30:.1f} GiB free and {wanted:.1f} are needed; name another --folder"
        )


def markdown(results: dict[str, Any]) -> str:
    """One line for the run."""
    lines = [
        "| table | limit | finished | s to encode | s to train | peak MiB | of it not page cache | AUC |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    row = results["run"]
    size = f"{results['rows']:,} x {results['columns']:,}, {_gib(4 * results['rows'] * results['columns'])}"
    limit = f"{_gib(results['limit'])}, {results['limit_kind']}"
    if row["finished"]:
        done = ["yes", f"{row['seconds_to_encode']:.0f}", f"{row['seconds_to_train']:.0f}"]
    else:
        done = [f"no: {row['failed']}", "-", "-"]
    auc = f"{row['auc']:.3f}" if row["finished"] else "-"
    cells = [size, limit, *done, _mib(row["peak_bytes"]), _mib(row["peak_anonymous_bytes"]), auc]
    lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"{results['members']} networks, {EPOCHS} epoch, preset `default`."]
    return "\n".join(lines)


def _gib(size: int) -> str:
    return f"{size / 2**30:.3g} GiB"


def _mib(size: int | None) -> str:
    return "-" if size is None else f"{size / 2**20:,.0f}"


def main() -> None:
    """Write the table, train under the limit, print, write, remove the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tiny table, to see that it works")
    parser.add_argument("--folder", type=Path, help="where the table goes; the system's temporary folder")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)  # the process under the limit
    add_folder(parser)
    options = parser.parse_args()
    if options.train:
        print(json.dumps(train(options.train, options.results, options.members)))
        return
    rows, columns = (QUICK_ROWS, QUICK_COLUMNS) if options.quick else (ROWS, COLUMNS)
    about = machine()
    folder = (options.folder or Path(tempfile.gettempdir())).resolve()
    check_folder(folder, 4 * rows * columns)
    with tempfile.TemporaryDirectory(prefix="deepfeat-large-", dir=folder) as name, limited(LIMIT) as limit:
        table = Path(name) / "table.parquet"
        begin = perf_counter()
        write_table(table, rows, columns)
        print(f"wrote {_gib(table.stat().st_size)} in {perf_counter() - begin:.0f} s", file=sys.stderr)
        run = train_under(limit, table, Path(name), options.members)
        kind = limit.kind
    results = {
        "machine": about,
        "rows": rows,
        "columns": columns,
        "members": options.members,
        "limit": LIMIT,
        "limit_kind": kind,
        "run": run,
    }
    save(NAME, results, options.results, is_whole=not options.quick)
    print(markdown(results))
    sys.exit(0 if run["finished"] else 1)


if __name__ == "__main__":
    main()
