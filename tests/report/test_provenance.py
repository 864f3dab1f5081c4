"""Where the numbers come from."""

from collections.abc import Callable

from deepfeat.report.provenance import provenance_facts
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths


def test_tells_data_code_machine_and_time(make_run: Callable[..., RunPaths]) -> None:
    facts = dict(provenance_facts(Results(make_run(["a", "b"]).root)))
    assert facts["State"] == "complete, exit code 0"
    assert facts["Data"] == "hearts: 303 rows, 2 features, binary (no, yes)"
    assert facts["Run"] == "2026-01-02 03:04 UTC, 1 min 02 s"
    assert facts["Machine"] == "A processor; 2 cores; avx2"
    assert facts["Libraries"] == "Python 3.11.0, keras 3.15.1, numpy 2.4.0"
    assert facts["deepfeat"] == f"0.1.0 (commit {'c' * 40})"
