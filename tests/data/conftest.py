"""What the tests of tables share: files in an empty directory, and the lines that faults are told in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.config.schema import DataConfig
from deepfeat.data.dataset import Dataset
from deepfeat.data.load import load_table
from deepfeat.errors import InputError


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str | bytes], Path]:
    """Writes a file into an empty working directory and returns its path, as a user would type it."""
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, content: str | bytes) -> Path:
        path = Path(name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def load() -> Callable[..., Dataset]:
    """Loads a table with the given settings of `data`."""

    def load_with(path: Path, names: Path | None = None, **settings: object) -> Dataset:
        return load_table(DataConfig(path=str(path), **settings), path, names)  # type: ignore[arg-type]

    return load_with


@pytest.fixture
def faults(load: Callable[..., Dataset]) -> Callable[..., list[str]]:
    """The lines that a table that cannot be used is refused with."""

    def faults_of(path: Path, names: Path | None = None, **settings: object) -> list[str]:
        with pytest.raises(InputError) as caught:
            load(path, names, **settings)
        return str(caught.value).splitlines()

    return faults_of
