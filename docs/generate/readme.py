"""The table of speeds in `README.md`, from the results of the benchmark."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results" / "speed.json"
SHOWN = {
    "deepfeat_stack": "deepfeat, 100 networks as one stack",
    "jax_vmap": "`jax.vmap`, 100 networks",
    "torch_func": "`torch.func.vmap`, 100 networks",
    "keras_plain": "`keras.Model.fit`, one network after the other",
    "keras_2021": "the code of 2021, one network after the other",
}
TABLE = re.compile(r"(<!-- begin: speed -->\n).*?(<!-- end: speed -->)", re.DOTALL)


def readme() -> str:
    """The text of the file."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    measured = {row["name"]: row for row in reversed(rows) if row.get("ms_per_member_epoch")}
    lines = ["| way of training | ms | times ours |", "| --- | ---: | ---: |"]
    for name, title in SHOWN.items():
        if name in measured:
            row = measured[name]
            lines.append(f"| {title} | {row['ms_per_member_epoch']:.3g} | {row['times_ours']:.3g} |")
    table = "\n".join(lines)
    return TABLE.sub(lambda found: f"{found[1]}{table}\n{found[2]}", README.read_text(encoding="utf-8"))
