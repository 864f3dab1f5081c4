from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from deepfeat.config import Experiment, MethodEntry, dump_experiment, load_experiment

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TRICKY = st.sampled_from(
    [
        *(
            "",
            " ",
            "null",
            "~",
            "true",
            "no",
            "012",
            "12",
            "1e-3",
            "0.5",
            "12:30",
            "<<",
            "=",
            "2024-01-01",
            "0x1",
        ),
        *(
            "${A}",
            "$${A}",
            "${A:-b}",
            "$${",
            "${",
            "&a",
            "*a",
            "!x",
            "a: b",
            "a #b",
            "- x",
            "? ",
            "[",
            "{}",
            "%",
        ),
        *(
            "\t",
            "a\nb",
            "\r\n",
            "\x85",
            "\u2028",
            "\ufeff",
            "\x1b[31m",
            "'\"",
            "\\d",
            "\U0001f9ec",
            "| x",
            "@",
            "`",
        ),
    ]
)
WORDS = TEXT | TRICKY
FILLED = WORDS.filter(bool)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
)
PLAIN = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(WORDS, part, max_size=3), max_leaves=6
)
SHARES = st.floats(0.01, 0.1)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


DATA = st.fixed_dictionaries(
    {"path": FILLED},
    optional={
        "names": WORDS,
        "target": FILLED,
        "ignore": st.lists(WORDS.filter(bool), max_size=3),
        "group": FILLED,
        "missing_values": st.lists(WORDS, max_size=3),
        "delimiter": st.sampled_from([",", ";", "\t", " ", "|", ":", "#"]),
        "task": st.sampled_from(["auto", "binary", "regression"]),
    },
)
TRAINING = some(
    models=st.integers(1, 1000),
    loss=st.sampled_from(["soft_f1", "cross_entropy", "squared_error"]),
    class_weight=st.sampled_from(["none", "balanced"]),
    learning_rate=st.floats(1e-12, 1e3),
    epochs=st.integers(1, 10**7),
    memory=st.sampled_from(["4 GiB", "500 MB", "1.5TB"]),
    split=some(
        train=SHARES, valid=SHARES, test=SHARES | st.just(0), method=st.sampled_from(["last", "kfold"])
    ),
)
EXPERIMENTS = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
        "data": DATA
        | st.builds(lambda names: {"path": "t", "targets": names}, st.lists(FILLED, min_size=1, unique=True)),
        "methods": st.lists(
            st.tuples(FILLED, st.dictionaries(WORDS, PLAIN, max_size=3)),
            min_size=1,
            max_size=4,
            unique_by=lambda m: m[0],
        ).map(lambda entries: [MethodEntry(name=name, params=params) for name, params in entries]),
    },
    optional={
        "seed": st.integers(0, 2**63 - 1),
        "network": st.builds(
            lambda preset, params: {**params, "preset": preset},
            FILLED,
            st.dictionaries(WORDS, PLAIN, max_size=3),
        ),
        "training": TRAINING,
        "ranking": some(confidence=st.floats(0.01, 0.99), bootstrap=st.integers(100, 10**6)),
        "plugins": st.lists(FILLED, max_size=2),
    },
).map(Experiment.model_validate)


@settings(deadline=None, max_examples=30)
@given(experiment=EXPERIMENTS)
def test_what_is_written_loads_back_as_the_same(
    experiment: Experiment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.yml"
    path.write_text(dump_experiment(experiment), encoding="utf-8", newline="")
    loaded = load_experiment(path, environ={"A": "not this"})
    assert loaded.experiment == experiment
    assert loaded.experiment.training.split == experiment.training.split
    assert dump_experiment(loaded.experiment) == dump_experiment(experiment)


def test_it_reads_well() -> None:
    experiment = Experiment.model_validate(
        {
            "name": "demo",
            "data": {"path": "Data/gr\u00fcn.csv", "target": "12"},
            "training": {"learning_rate": 1e-5},
            "methods": ["gate", {"shrink": {"rows": 5, "note": None, "text": "1e-3"}}],
        }
    )
    assert dump_experiment(experiment) == (
        "name: demo\n"
        "seed: 0\n"
        "data:\n"
        "  path: Data/gr\u00fcn.csv\n"
        '  target: "12"\n'
        "  task: auto\n"
        "  ignore: []\n"
        "  categories: []\n"
        "  missing: impute\n"
        "  missing_values:\n"
        '  - ""\n'
        "  - '?'\n"
        "  - NA\n"
        "  - N/A\n"
        "  - NaN\n"
        "  - nan\n"
        '  - "null"\n'
        "  - 'NULL'\n"
        "  - None\n"
        "network:\n"
        "  preset: default\n"
        "training:\n"
        "  models: 100\n"
        "  learning_rate: 1.0e-05\n"
        "methods:\n"
        "- gate\n"
        "- shrink:\n"
        "    rows: 5\n"
        "    note: null\n"
        '    text: "1e-3"\n'
        "ranking:\n"
        "  normalise: sum\n"
        "  across_methods: mean\n"
        "  weights: equal\n"
        "  skilless: leave_out\n"
        "  skill_splits: 10\n"
        "  multiplicity: bh\n"
        "  groups: {}\n"
        "  clusters: 0.7\n"
        "  confidence: 0.95\n"
        "  bootstrap: 2000\n"
        "logging: {}\n"
        "controls: auto\n"
        "limits:\n"
        "  isolation: true\n"
        "engine: local\n"
        "plugins: []\n"
        "arms: {}\n"
    )


def test_what_is_left_to_the_preset_stays_left_to_it(tmp_path: Path) -> None:
    experiment = Experiment.model_validate(
        {"name": "demo", "data": {"path": "t"}, "methods": ["gate"], "training": {"split": {"train": 0.5}}}
    )
    path = tmp_path / "e.yml"
    path.write_text(dump_experiment(experiment))
    training = load_experiment(path, environ={}).experiment.training
    assert training.model_dump(exclude_unset=True) == {"models": 100, "split": {"train": 0.5}}


def test_a_list_used_twice_is_written_twice(tmp_path: Path) -> None:
    rows = [1, 2]
    experiment = Experiment.model_validate(
        {"name": "demo", "data": {"path": "t"}, "methods": [{"a": {"rows": rows}}, {"b": {"rows": rows}}]}
    )
    path = tmp_path / "e.yml"
    path.write_text(dump_experiment(experiment))
    assert load_experiment(path, environ={}).experiment == experiment


def test_an_experiment_cannot_be_changed() -> None:
    experiment = Experiment.model_validate({"name": "demo", "data": {"path": "t"}, "methods": ["gate"]})
    with pytest.raises(ValidationError):
        experiment.seed = 1  # type: ignore[misc]
