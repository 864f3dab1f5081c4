"""The text to paste into a paper."""

import json
from collections.abc import Callable

from deepfeat.report.methods_text import methods_text
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths

MakeRun = Callable[..., RunPaths]


def test_says_what_was_done_and_cites(make_run: MakeRun) -> None:
    text = methods_text(Results(make_run(["a", "b"], full=True).root))
    about, asked, tested = text.paragraphs
    assert "hearts (303 rows, 2 features, binary)" in about
    assert "deepfeat 0.1.0, commit cccccccccccc." in about
    assert "5 networks of the preset default (hidden layers of 128 and 128 units) were trained" in about
    assert "70 % for training, 20 % for early stopping and 10 % held out" in about
    assert "learning rate 0.003, batches of 64 rows" in about
    assert "gate [1] and first_layer [1]" in asked
    assert "bootstrap over networks [2] (100 resamples)" in asked
    assert "gate tests the null hypothesis: It does nothing" in tested
    assert text.references[0] == "Somebody 2001"
    assert text.references[1].startswith("Efron B.")


def test_says_by_what_the_methods_were_weighted(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"])
    resolved = paths.experiment.read_text()
    paths.experiment.write_text(resolved.replace("weights: equal", "weights: judge"))
    record = json.loads(paths.provenance.read_text())
    record["methods"]["judge"] = {"paper": "Breiman 1996"}
    paths.provenance.write_text(json.dumps(record))
    text = methods_text(Results(paths.root))
    assert "averaged over networks and then over methods, weighted by judge [2]." in text.paragraphs[1]
    paths.answer.write_text(json.dumps({"carried_by": {"trees": 0.75, "networks": 0.25, "line": 0.0}}))
    told = methods_text(Results(paths.root)).paragraphs[1]
    assert "weighted by judge [2] (weights: trees 0.75, networks 0.25)." in told
    assert text.references[1] == "Breiman 1996"


def test_says_less_where_less_was_recorded(make_run: MakeRun) -> None:
    paths = make_run(["a"], members=1, methods=("gate",))
    record = json.loads(paths.provenance.read_text())
    for name in ("network", "training", "methods", "data"):
        del record[name]
    paths.provenance.write_text(json.dumps(record))
    text = methods_text(Results(paths.root))
    assert "1 network of the preset unknown was trained." in text.paragraphs[0]
    assert len(text.references) == 0
