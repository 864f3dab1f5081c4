"""The table that comes with the project is what its script writes."""

import importlib.util
from pathlib import Path

DATA = Path(__file__).parents[2] / "Data"


def test_the_script_reproduces_the_file(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_breast_cancer", DATA / "make_breast_cancer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write_breast_cancer(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (DATA / "breast_cancer.csv").read_bytes()
