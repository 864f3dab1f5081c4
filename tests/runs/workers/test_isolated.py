"""Methods in a process of their own answer as in this one, and train through the run."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.errors import ExitCode
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.runs.workers import linux

pytestmark = [
    pytest.mark.skipif(not linux.AVAILABLE, reason="methods are isolated on Linux only"),
    pytest.mark.usefixtures("compiled_once"),
]
Write = Callable[..., Path]

PLUGIN = '''
import json
import os
from dataclasses import replace

import numpy as np
from pydantic import Field

from deepfeat.data.derived import with_features
from deepfeat.methods import Importance, Method, MethodParams
from deepfeat.nets.default import Default


class Trains(Method):
    """Trains on a table of its own, with a network of its own, and asks for what cannot be."""

    name = "trains"
    kind = "experiment"

    class Params(MethodParams):
        """Its parameters."""

        epochs: int = Field(1, description="how long")

    def explain(self, ensemble, data, context):
        wider = with_features(data, ["copy"], data.x[:, :1])
        plan = ensemble.plan
        mask = np.concatenate([plan.mask, plan.mask[:, :1]], axis=1)
        network = Default(Default.Params(units=(3,)))
        fitted = context.fit(
            replace(plan, name="wider", mask=mask),
            data=wider,
            network=network,
            training={"epochs": self.params.epochs},
        )
        told = {"epochs": [record.epochs for record in fitted.records], "columns": fitted.data.n_columns}
        try:
            context.fit(plan, training={"epoch": 1})
        except ValueError as error:
            told["wrong setting"] = type(error).__name__
        try:
            context.fit(replace(plan, mask=plan.mask[:, :1]))
        except Exception as error:
            told["wrong plan"] = type(error).__name__
        context.artefact("told.json").write_text(json.dumps(told))
        again = context.fit(plan)
        assert np.array_equal(again.predict(data.x), ensemble.predict(data.x)), "equal plans are trained once"
        return Importance(fitted.gates[:, : data.n_features])


class Looks(Method):
    """Looks around."""

    name = "looks"

    def explain(self, ensemble, data, context):
        print("printed \\x1b[31mline")
        context.logger.info("logged line")
        for done in range(3):
            context.progress(done, 3)
        seen = {"variables": dict(os.environ), "input": os.read(0, 10).decode(), "parent": os.getppid()}
        context.artefact("seen.json").write_text(json.dumps(seen))
        scores = np.abs(ensemble.gradients(data.x)).mean(axis=1)
        return Importance(np.stack([scores[:, f.start : f.stop].sum(axis=1) for f in data.features], axis=1))
'''


def run(path: Path, output: str, *overrides: str) -> tuple[RunPaths, str]:
    from deepfeat.runs.runner import run as carry_out  # noqa: PLC0415 - loads TensorFlow

    (path.parent / "mine.py").write_text(PLUGIN)
    paths, screen = RunPaths.of(path.parent / output, "tiny"), io.StringIO()
    code = carry_out(prepare(path, overrides), paths, RunConsole(screen, width=200))
    assert code == ExitCode.COMPLETE, screen.getvalue()
    return paths, screen.getvalue()


def test_answers_are_those_of_the_main_process(write_experiment: Write) -> None:
    assert {"A_PASSWORD", "OMP_DISPLAY_ENV"} <= os.environ.keys()
    path = write_experiment(
        plugins=["mine.py"],
        methods=["gate", {"trains": {"epochs": 2}}, "looks"],
        limits={"isolation": True},
    )
    apart, screen = run(path, "apart")
    together, _ = run(path, "together", "limits.isolation=false")
    for name in ("gate", "trains", "looks"):
        assert apart.method(name).read_bytes() == together.method(name).read_bytes(), name
    told = json.loads((apart.artefacts("trains") / "told.json").read_text())
    assert told == {
        "epochs": [2, 2],
        "columns": 6,
        "wrong setting": "ValidationError",
        "wrong plan": "InputError",
    }
    seen = json.loads((apart.artefacts("looks") / "seen.json").read_text())
    assert "A_PASSWORD" not in seen["variables"]
    assert seen["variables"]["OMP_DISPLAY_ENV"] == os.environ["OMP_DISPLAY_ENV"]
    assert seen["input"] == ""
    assert r"printed \x1b[31mline" in screen
    assert "logged line" in screen


@pytest.mark.parametrize("name", ["..", "../other", "/etc", "away"])
def test_a_plan_that_lies_elsewhere_is_not_read(name: str, tmp_path: Path) -> None:
    from deepfeat.methods.context import Context  # noqa: PLC0415 - loads TensorFlow
    from deepfeat.runs.workers.isolated import _Conversation  # noqa: PLC0415 - as above

    outbox = tmp_path / "outbox"
    outbox.mkdir()
    (outbox / "away").symlink_to(tmp_path)
    told = _Conversation(Context(0, "mine", outbox), outbox, lambda *_: None)
    reply = told._fitted(name, None, {}, own_table=False)
    assert "leads out of its place" in reply["refused"][0][3]
