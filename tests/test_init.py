"""The public names, and that Keras knows the layers of deepfeat however the two are imported."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import deepfeat
from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.nets.network import Network
from deepfeat.runs.keras_file import save_model

ROOT = Path(__file__).parents[1]


def python(code: str, *arguments: str, path: Path | None = None) -> str:
    """What a new process prints; it finds deepfeat, and whatever is in `path` before anything else."""
    places = [str(place) for place in (path, ROOT) if place is not None]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_public_name_exists() -> None:
    for name in deepfeat.__all__:
        assert getattr(deepfeat, name).__name__ == name
    assert set(deepfeat.__all__) <= set(dir(deepfeat))
    assert sorted(deepfeat.__all__) == deepfeat.__all__


def test_other_names_do_not() -> None:
    with pytest.raises(AttributeError, match="module 'deepfeat' has no attribute 'fits'"):
        _ = deepfeat.fits


def test_importing_it_loads_nothing_heavy() -> None:
    loaded = python("import deepfeat, sys; print(*{name.partition('.')[0] for name in sys.modules})").split()
    assert not {"keras", "tensorflow", "numpy", "pandas", "pydantic", "sklearn"} & set(loaded)


# A stand-in for Keras, which takes seconds to import, and one for the layers.
KERAS = "import registration_log\nREADY = True\n"
LAYERS = "import keras, registration_log\nassert keras.READY\nregistration_log.count += 1\n"
BEFORE = """
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
spec = spec_from_file_location("registration", sys.argv[1])
registration = module_from_spec(spec)
spec.loader.exec_module(registration)
registration._LAYERS = ("some_layers",)
finders = list(sys.meta_path)
import registration_log
"""
AFTER = """
assert registration_log.count == 1, "the layers are registered once"
assert sys.meta_path == finders, "and nothing is left behind"
assert keras.__loader__ is keras.__spec__.loader
assert type(keras.__loader__).__name__ == "SourceFileLoader"
print("good")
"""


@pytest.mark.parametrize(
    "order",
    [
        "registration.register_with_keras(); import keras",
        "import keras; registration.register_with_keras()",
        "registration.register_with_keras(); registration.register_with_keras(); import keras",
        "registration.register_with_keras(); assert find_spec('keras') and not find_spec('no'); import keras",
        "registration.register_with_keras(); import json.tool, keras; import keras",
    ],
)
def test_the_layers_are_registered_as_soon_as_keras_is_there(tmp_path: Path, order: str) -> None:
    (tmp_path / "keras.py").write_text(KERAS)
    (tmp_path / "some_layers.py").write_text(LAYERS)
    (tmp_path / "registration_log.py").write_text("count = 0")
    source = ROOT / "deepfeat" / "_registration.py"
    assert python(f"{BEFORE}\n{order}\n{AFTER}", str(source), path=tmp_path) == "good"


LOAD = """
{imports}
import sys
import numpy as np
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[3], model(np.load(sys.argv[2])))
"""


# a process that loads TensorFlow; the stand-ins above show the layers registered in either order, and saved
# networks of a run are opened by Keras where it is tested
@pytest.mark.slow
@pytest.mark.parametrize("imports", ["import deepfeat, keras", "import keras, deepfeat"])
def test_a_saved_member_opens_in_a_new_process(
    make_data: Callable[..., Dataset],
    make_network: Callable[..., Network],
    train: Callable[..., Ensemble],
    tmp_path: Path,
    imports: str,
) -> None:
    data = make_data("regression", widths=(1, 3, 1))
    ensemble = train(data, make_network("ashraf-2021"), 2, epochs=1)
    saved, rows, answers = (str(tmp_path / name) for name in ("model.keras", "rows.npy", "answers.npy"))
    save_model(ensemble[1], Path(saved))
    np.save(rows, data.x)
    python(LOAD.format(imports=imports), saved, rows, answers)
    np.testing.assert_allclose(np.load(answers), ensemble.predict(data.x)[1], rtol=1e-5)
