"""The table of speeds in `README.md`, from the results of the benchmark."""

import json
from pathlib import Path

from marked import with_part

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results" / "speed.json"
SHOWN = {
    ("deepfeat_stack", 100): "deepfeat, 100 networks as one stack",
    ("jax_vmap", 10): "`jax.vmap`, 10 networks at a time",
    ("jax_vmap", 100): "`jax.vmap`, 100 networks",
    ("torch_func", 100): "`torch.func.vmap`, 100 networks",
    ("keras_plain", 2): "`keras.Model.fit`, one network after the other",
    ("keras_2021", 1): "the construction of 2021, one network after the other",
}


def readme() -> str:
    """The text of the file."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    measured = {(row["name"], row["n_members"]): row for row in rows if row.get("ms_per_member_epoch")}
    lines = ["| way of training | ms | times ours |", "| --- | ---: | ---: |"]
    for way, title in SHOWN.items():
        if way in measured:
            row = measured[way]
            lines.append(f"| {title} | {row['ms_per_member_epoch']:.3g} | {row['times_ours']:.3g} |")
    return with_part(README.read_text(encoding="utf-8"), "speed", "\n".join(lines) + "\n")
