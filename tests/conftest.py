"""Small tables, networks and experiments, shared by the tests of the engine and of whole runs."""

import gc
import os
import signal
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from deepfeat.data.dataset import Dataset, Feature, Task
from deepfeat.nets.ashraf import Ashraf2021
from deepfeat.nets.default import Default
from deepfeat.nets.network import Network
from deepfeat.writing import canvas
from deepfeat.writing.atomic import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from deepfeat.ensemble import Ensemble
    from deepfeat.methods.plugin import BrokenPlugin, Plugin
    from deepfeat.training.trainer import Trainer

# Begun in the background by a shell, these tests ignore Ctrl-C, and so would every process that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

loaded = [0]


def pytest_configure(config: pytest.Config) -> None:
    """Spares the fast tests what shap compiles for each process, eight seconds for microseconds.

    What it computes is the same; the slow tests let it compile.
    """
    gc.set_threshold(20_000, 20, 20)  # of what is looked at for garbage again and again nearly all is none
    if "not slow" in config.option.markexpr:
        os.environ.setdefault("NUMBA_DISABLE_JIT", "1")


@pytest.fixture(autouse=True, scope="module")
def libraries_are_no_garbage() -> None:
    """Leaves what large libraries have loaded out of the search for garbage, most of whose time it takes."""
    if len(sys.modules) > loaded[-1] + 500:
        loaded.append(len(sys.modules))
        gc.collect()
        gc.freeze()


MakeData = Callable[..., Dataset]
MakeNetwork = Callable[..., Network]
Train = Callable[..., "Ensemble"]

CLASSES = {
    "binary": ("no", "yes"),
    "multiclass": ("low", "middle", "high"),
    "multilabel": ("first", "second"),
    "regression": ("amount",),
}


def _data(
    task: Task = "binary",
    rows: int = 96,
    widths: Sequence[int] = (1, 1, 1, 1),
    seed: int = 0,
    *,
    n_groups: int | None = None,
) -> Dataset:
    generator = np.random.default_rng(seed)
    stops = np.cumsum(widths)
    features, columns = [], []
    for number, (stop, width) in enumerate(zip(stops, widths, strict=True)):
        levels = tuple("abcdefgh"[:width]) if width > 1 else ()
        features.append(Feature(f"f{number}", int(stop - width), int(stop), levels))
        drawn = generator.normal(size=(rows, 1)) * 3 + number
        columns.append(np.eye(width)[generator.integers(width, size=rows)] if width > 1 else drawn)
    x = np.concatenate(columns, axis=1).astype(np.float32)
    signal = x[:, 0] + 0.5 * x[:, -1] + generator.normal(size=rows)
    if task == "regression":
        y = signal[:, None] * 10 + 100
    elif task == "multilabel":
        y = np.stack([signal > np.median(signal), x[:, -1] > np.median(x[:, -1])], axis=1)
    else:
        edges = np.quantile(signal, [1 / 3, 2 / 3] if task == "multiclass" else [1 / 2])
        codes = np.searchsorted(edges, signal)
        y = np.eye(3)[codes] if task == "multiclass" else codes[:, None]
    return Dataset(
        name="made",
        x=x,
        y=y.astype(np.float32),
        task=task,
        features=tuple(features),
        classes=CLASSES[task],
        source_rows=np.arange(1, rows + 1),
        groups=None if n_groups is None else generator.integers(n_groups, size=rows),
    )


NOISE: dict[str, dict[str, object]] = {
    "default": {"input_noise": 0.1, "noise": 0.05, "dropout": 0.2, "gate_penalty": (0.01, 0.1)},
    "ashraf-2021": {"noise": 0.05, "dropout": 0.2},
}


def _network(preset: str = "default", *, quiet: bool = False, **params: object) -> Network:
    chosen = {
        name: 0.0 if quiet and name != "gate_penalty" else value for name, value in NOISE[preset].items()
    }
    if preset == "default":
        return Default(Default.Params.model_validate({"units": (8,), **chosen, **params}))
    return Ashraf2021(Ashraf2021.Params.model_validate({"units": 8, **chosen, **params}))


def _train(
    data: Dataset, network: Network, members: int = 3, seed: int = 0, **settings: object
) -> "Ensemble":
    from deepfeat.ensemble import fit  # noqa: PLC0415 - loads TensorFlow
    from deepfeat.training.plan import build_plan  # noqa: PLC0415 - as above
    from deepfeat.training.settings import merge_settings  # noqa: PLC0415 - as above
    from deepfeat.training.trainer import Trainer  # noqa: PLC0415 - as above

    merged = merge_settings(network.training, {"epochs": 3, "batch_size": 16, **settings}, data.task)
    trainer = _shared(Trainer(data, network, merged))
    return fit(build_plan(data, merged.split, members, seed, network), trainer)


@pytest.fixture(scope="session")
def make_data() -> MakeData:
    """Makes a table with a signal in its first and last column; `widths` are the columns of each feature."""
    return _data


@pytest.fixture(scope="session")
def make_network() -> MakeNetwork:
    """Makes a small network of a shipped preset, with noise and dropout unless it is to be quiet."""
    return _network


@pytest.fixture(scope="session")
def train() -> Train:
    """Trains members of a network on a table for a few epochs."""
    return _train


def _table() -> str:
    """Sixty rows of a CSV: two numbers, of which one matters, and a category."""
    generator = np.random.default_rng(0)
    lines = ["weight,height,colour,ill"]
    for _ in range(60):
        weight, height = generator.normal(size=2).round(3)
        colour = ("red", "green", "blue")[generator.integers(3)]
        lines.append(f"{weight},{height},{colour},{'yes' if weight > 0 else 'no'}")
    return "\n".join(lines) + "\n"


PLUGINS = Path(__file__).parents[1] / "plugins"
SHIPPED: dict[Path, "Plugin"] = {}


def _shipped_once(patch: pytest.MonkeyPatch) -> None:
    """Lets experiments find the shipped plugins as this process has loaded them first.

    Every experiment loads more than thirty files, of which these tests ask for one or two; how files are
    loaded is tested where nothing stands between.
    """
    from deepfeat.methods import discovery  # noqa: PLC0415 - the tests of the engine need none of it
    from deepfeat.methods.plugin import Plugin  # noqa: PLC0415 - as above

    load = discovery.load_file

    def remembered(path: Path, sha256: str | None = None) -> "Plugin | BrokenPlugin":
        if path.parent != PLUGINS or sha256 is not None:
            return load(path, sha256)
        plugin = SHIPPED.get(path) or load(path)
        if isinstance(plugin, Plugin):
            SHIPPED[path] = plugin
            # where loading it would have put it, whoever has loaded it again meanwhile
            sys.modules[f"{discovery.PACKAGE}.{path.stem}"] = plugin.module
        return plugin

    patch.setattr(discovery, "load_file", remembered)


def _few_trees(patch: pytest.MonkeyPatch) -> None:
    """What becomes of these runs does not hang on the trees beside the networks, most of their time would."""
    patch.setattr("deepfeat.ranking.baselines._TREES", 3)
    patch.setattr("deepfeat.ranking.baselines._BOOSTED", 3)


def _unsynced(patch: pytest.MonkeyPatch) -> None:
    """Runs write dozens of files, and no power fails here: none of them waits for the disk."""
    patch.setattr("deepfeat.writing.atomic._sync", lambda _: None)


@pytest.fixture
def shipped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """See `_shipped_once`."""
    _shipped_once(monkeypatch)


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """See `_few_trees`."""
    _few_trees(monkeypatch)


@pytest.fixture
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """See `_unsynced`."""
    _unsynced(monkeypatch)


# Of small networks on the table below; see `write_experiment`.
TINY: dict[str, object] = {
    "name": "tiny",
    "data": {"path": "table.csv", "target": "ill"},
    "network": {"preset": "default", "units": [4]},
    "training": {"models": 2, "epochs": 2, "batch_size": 32},
    "methods": ["gate"],
    "limits": {"isolation": False},
}


def _write_tiny(path: Path, sections: Mapping[str, object]) -> Path:
    """Writes the table and the experiment, with sections merged into it."""
    content = dict(TINY)
    for key, given in sections.items():
        known = content.get(key)
        content[key] = {**known, **given} if isinstance(known, dict) and isinstance(given, dict) else given
    (path.parent / "table.csv").write_text(_table())
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.fixture
def write_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped_once: None, few_trees: None, unsynced: None
) -> Callable[..., Path]:
    """Writes a table and an experiment that trains two small networks on it; sections are merged into it.

    Methods are asked in the process of the test, which takes a second less for each run, unless it is about
    their own processes.
    """
    for name in ("DATA_FILE", "ATTRIBUTE_FILE", "N_MODELS", "OUTPUT_DIR", "DEEPFEAT_PLUGINS"):
        monkeypatch.delenv(name, raising=False)

    def write(name: str = "experiment.yml", **sections: object) -> Path:
        return _write_tiny(tmp_path / name, sections)

    return write


@pytest.fixture
def deepfeat(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    shipped_once: None,
) -> Callable[..., tuple[int, str, str]]:
    """Types a command in the directory of the test; returns exit code, output and errors."""
    from deepfeat.cli import main  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    # Both are about the end of the process, which here is that of the tests.
    monkeypatch.setattr("deepfeat.runs.interrupts.hurry", lambda _: None)
    monkeypatch.setattr("deepfeat.runs.interrupts.settle", lambda _: None)

    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["deepfeat", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return typed


def _undrawn(patch: pytest.MonkeyPatch) -> None:
    """Figures are not what is tested: files without a drawing, and one small drawing in the page.

    Nor is their room, half of the time of putting one together: the width of a text is that of its length.
    """

    def save(_: "Figure", path: Callable[[str], Path]) -> list[Path]:
        files = [path(suffix) for suffix in canvas._FORMATS]
        for file in files:
            write_text(file, "not drawn")
        return files

    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g/></svg>'
    patch.setattr(canvas, "save", save)
    patch.setattr(canvas, "as_text", lambda _figure: drawing)
    patch.setattr(canvas, "text_inches", lambda text, *_, **__: 0.07 * len(text))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """See `_undrawn`."""
    _undrawn(monkeypatch)


@pytest.fixture(scope="session")
def little_memory() -> Callable[[], AbstractContextManager[None]]:
    """Checks that what is done inside never takes more than 64 MiB (modules that it loads included)."""

    @contextmanager
    def bounded() -> Iterator[None]:
        tracemalloc.start()
        try:
            yield
            assert tracemalloc.get_traced_memory()[1] < 64 << 20
        finally:
            tracemalloc.stop()

    return bounded


COMPILED: dict[tuple[object, ...], "Trainer"] = {}


def _shared(fresh: "Trainer") -> "Trainer":
    """Gives a trainer what was compiled for an earlier one of the same network, settings and shape of table.

    Most of the time of a small training is spent on compiling it.
    """
    network = fresh.template.network
    key = type(network), repr((network.describe(), fresh.template.shape, fresh.settings))
    known = COMPILED.setdefault(key, fresh)
    fresh.template, fresh.inference, fresh._programs = known.template, known.inference, known._programs
    return fresh


def _compiled_once(patch: pytest.MonkeyPatch) -> None:
    """Lets all trainings of this process share what was compiled for equal networks."""
    from deepfeat.training.trainer import Trainer  # noqa: PLC0415 - loads TensorFlow

    make = Trainer.__init__

    def made(trainer: Trainer, *about: Any, **limits: Any) -> None:  # noqa: ANN401
        make(trainer, *about, **limits)
        _shared(trainer)

    patch.setattr(Trainer, "__init__", made)
    # how long plain Keras would take is measured, and that is tested, elsewhere; it compiles the network too
    patch.setattr("deepfeat.ensemble.keras_step_seconds", lambda *_: 0.001)


@pytest.fixture
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """See `_compiled_once`."""
    _compiled_once(monkeypatch)


@pytest.fixture(scope="module")
def write_shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """`write_experiment` for a run that all tests of a module look at, with all that makes runs cheap."""
    with pytest.MonkeyPatch.context() as patch:
        for cheaper in (_shipped_once, _few_trees, _unsynced, _undrawn, _compiled_once):
            cheaper(patch)
        yield lambda **sections: _write_tiny(tmp_path_factory.mktemp("run") / "experiment.yml", sections)
