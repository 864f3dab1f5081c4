"""Listing and validating methods must not load TensorFlow or anything else that takes seconds."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "keras", "jax", "torch", "pandas", "sklearn", "scipy", "matplotlib", "shap", "lime")

CODE = """
import json, os, sys
from deepfeat.methods.describe import list_data, show_data
from deepfeat.methods.registry import load_registry
registry = load_registry(environ=os.environ)
assert not registry.broken, registry.broken
assert "gate" in registry.methods
list_data(registry), [show_data(registry, name) for name in registry.methods]
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_shipped_plugins_load_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env={**os.environ, "DEEPFEAT_PLUGINS": str(ROOT / "examples" / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)).isdisjoint(HEAVY)
