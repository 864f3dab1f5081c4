"""Plugin files and registries made by a test."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

WritePlugin = Callable[..., Path]
Load = Callable[..., Registry]


@pytest.fixture
def write_plugin(tmp_path: Path) -> WritePlugin:
    """Writes a plugin file and returns its path."""

    def write(name: str, source: str, folder: str = "plugins") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(source))
        return path

    return write


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a registry of nothing but the given directories and files."""
    (tmp_path / "shipped").mkdir()

    def load_only(*paths: Path, **environ: str) -> Registry:
        return load_registry(
            paths, environ={"DEEPFEAT_SHIPPED_PLUGINS": str(tmp_path / "shipped"), **environ}
        )

    return load_only


@pytest.fixture(scope="session")
def data() -> Dataset:
    return planted().dataset()


@pytest.fixture(scope="session")
def ensemble(data: Dataset) -> LinearEnsemble:
    return LinearEnsemble.fit(data)
