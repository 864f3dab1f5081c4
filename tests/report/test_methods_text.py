"""The text to paste into a paper."""

import json
from collections.abc import Callable

import pytest

from deepfeat.report.methods_text import MethodsText, methods_text
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


def changed(paths: RunPaths, *, answer: dict | None = None, **record: dict) -> MethodsText:
    """The text of a run of which something else was recorded."""
    told = json.loads(paths.provenance.read_text())
    for name, values in record.items():
        told[name] |= values
    paths.provenance.write_text(json.dumps(told))
    paths.answer.write_text(json.dumps(answer or {}))
    return methods_text(Results(paths.root))


@pytest.mark.parametrize(
    ("split", "told"),
    [
        (
            {"method": "last", "train": 0.5, "valid": 0.5, "test": 0.0},
            "(50 % for training and 50 % for early",
        ),
        ({"method": "last", "train": 0.5, "valid": 0.5, "test": 0.0}, "in the order of the file"),
        ({"method": "kfold", "folds": 4}, "one of 4 folds of the rows held out (77.8 % of the others for"),
        ({"method": "subsample"}, "a random half of the rows held out"),
        ({"method": "bootstrap"}, "drawn anew with replacement"),
        ({"rows": 1000}, "learning from at most 1,000 rows, with the loss"),
    ],
)
def test_says_how_the_rows_were_split(make_run: MakeRun, split: dict, told: str) -> None:
    whole = {"method": "random", "train": 0.7, "valid": 0.2, "test": 0.1, "rows": None, "folds": 5, **split}
    assert told in changed(make_run(["a", "b"]), training={"split": whole}).paragraphs[0]


def test_says_nothing_of_patience_that_cannot_run_out(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"])
    assert (
        "for at most 500 epochs, ending after 100 epochs without"
        in changed(paths, training={"epochs": 500, "patience": 100}).paragraphs[0]
    )
    assert "for at most 40 epochs; the random seed" in changed(paths, training={"epochs": 40}).paragraphs[0]


def test_says_that_rows_of_a_group_stay_together(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"])
    resolved = paths.experiment.read_text()
    assert resolved.count("  target: last\n") == 1
    paths.experiment.write_text(resolved.replace("  target: last\n", "  target: last\n  group: patient\n"))
    told = methods_text(Results(paths.root)).paragraphs[0]
    assert "10 % held out), rows of the same patient staying together, with the loss" in told


def test_says_what_became_of_networks_without_skill(make_run: MakeRun) -> None:
    members = {"trained": 5, "failed": 0, "skilless": 2, "averaged": 3}
    paths = make_run(["a", "b"])
    told = changed(paths, answer={"members": members}).paragraphs[1]
    left_out = "2 networks did not beat a constant on rows not seen in training and were left out"
    assert f"{left_out}; 3 were averaged." in told
    kept = changed(paths, answer={"members": {**members, "averaged": 5}}).paragraphs[1]
    assert "2 networks did not beat a constant on rows not seen in training and were kept." in kept


def test_one_method_is_not_averaged_over_methods(make_run: MakeRun) -> None:
    told = changed(make_run(["a", "b"], methods=("gate",))).paragraphs[1]
    assert told.startswith("Importance was measured by gate [1]. The scores of each network were divided")
    assert "averaged over networks." in told


def test_speaks_of_other_models_where_these_carry_the_ranking(make_run: MakeRun) -> None:
    told = changed(make_run(["a", "b"]), answer={"carried_by": {"networks": 0.5, "trees": 0.5}}).paragraphs
    assert "for neural networks and other models on the data set" in told[0]
    assert "averaged over networks and splits and then over methods" in told[1]
    assert "a bootstrap over networks and splits [" in told[1]


def test_tells_what_was_done_to_the_table(make_run: MakeRun) -> None:
    told = changed(make_run(["a", "b"]), data={"notes": ["Dropped 6 of 303 rows."]}).paragraphs[0]
    assert "commit cccccccccccc. Dropped 6 of 303 rows. 5 networks of" in told


def test_lists_a_publication_once_whoever_cites_it(make_run: MakeRun) -> None:
    trees = 'Breiman 2001, "Random; forests", Machine Learning 45'
    papers = {"gate": trees, "first_layer": f"{trees}; for any model: Fisher 2019, JMLR 20; as it was meant"}
    text = changed(make_run(["a", "b"]), methods={name: {"paper": paper} for name, paper in papers.items()})
    assert text.references[:2] == [trees, "Fisher 2019, JMLR 20; as it was meant"]
    assert "gate [1] and first_layer [1, 2]." in text.paragraphs[1]


def test_says_less_where_less_was_recorded(make_run: MakeRun) -> None:
    paths = make_run(["a"], members=1, methods=("gate",))
    record = json.loads(paths.provenance.read_text())
    for name in ("network", "training", "methods", "data"):
        del record[name]
    paths.provenance.write_text(json.dumps(record))
    text = methods_text(Results(paths.root))
    assert "1 network of the preset unknown was trained." in text.paragraphs[0]
    assert len(text.references) == 0
