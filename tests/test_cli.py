"""`deepfeat ...` as it is typed: what it prints, what it writes, and its exit code."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from deepfeat.cli import program
from deepfeat.data.matrix import open_matrix
from deepfeat.runs.lease import hold

ROOT = Path(__file__).parents[1]

Write = Callable[..., Path]
Type = Callable[..., tuple[int, str, str]]

RAISES = """
from deepfeat import per_model


@per_model("raises")
def raises(model):
    "Cannot do it."
    raise RuntimeError("no answer today")
"""

# Ends a process whose code must do without it.
NOT_LOADED = "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# --- run ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("compiled_once")
def test_trains_asks_ranks_and_draws(deepfeat: Type, write_experiment: Write) -> None:
    path = write_experiment(limits={"isolation": True})
    code, out, err = deepfeat("run", str(path), "--output", "results")
    assert (code, err) == (0, "")
    for words in ("Training 2 networks", "Asking gate", "Which features matter", "weight", "results/tiny"):
        assert words in out
    drawn = files(path.parent / "results" / "tiny" / "figures")
    assert {"ranking.png", "ranking.svg"} <= drawn


@pytest.mark.usefixtures("compiled_once", "undrawn")
class TestRun:
    def test_settings_on_the_command_line_win(self, deepfeat: Type, write_experiment: Write) -> None:
        write_experiment()
        code, out, _ = deepfeat("run", "training.epochs=1", "name=other", "--models", "3")
        assert code == 0
        assert "Training 3 networks" in out
        resolved = yaml.safe_load(Path("ExpOutput/other/experiment.yml").read_text())
        assert (resolved["training"]["models"], resolved["training"]["epochs"]) == (3, 1)

    def test_a_large_table_is_encoded_on_the_disk_of_the_results(
        self, deepfeat: Type, write_experiment: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        used = []

        def beyond_memory(shape: tuple[int, int], scratch: Path | None, _: int) -> object:
            used.append(scratch)
            return open_matrix(shape, scratch, 0)

        monkeypatch.setattr("deepfeat.data.load.open_matrix", beyond_memory)
        write_experiment(arms={"other": {"data": {"ignore": ["height"]}}})
        assert deepfeat("validate")[0] == deepfeat("run", "--dry-run")[0] == deepfeat("run")[0] == 0
        assert used == [Path()] * 6
        run = Path("ExpOutput/tiny")
        assert deepfeat("verify", str(run), "--recompute", "1")[0] == deepfeat("validate")[0] == 0
        assert used[6:] == [run] * 3

    def test_the_environment_says_where_results_go(
        self, deepfeat: Type, write_experiment: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_experiment()
        monkeypatch.setenv("OUTPUT_DIR", "elsewhere")
        assert deepfeat("run")[0] == 0
        assert Path("elsewhere/tiny/ranking.csv").exists()

    def test_a_plugin_that_raises_leaves_the_others_and_exit_code_3(
        self, deepfeat: Type, write_experiment: Write
    ) -> None:
        write_experiment(methods=["raises", "gate"], plugins=["raises.py"])
        Path("raises.py").write_text(RAISES)
        code, out, err = deepfeat("run")
        assert code == 3
        assert "method raises: RuntimeError: no answer today; the other methods are not affected" in " ".join(
            out.split()
        )
        assert "Traceback" not in out + err
        run = Path("ExpOutput/tiny")
        assert {"ranking.csv", "methods/gate.csv", "methods/raises/failure.txt"} <= files(run)
        assert json.loads((run / "run.json").read_text())["state"] == "partial"

    def test_what_does_not_fit_the_memory_is_refused_before_anything_is_written(
        self, deepfeat: Type, write_experiment: Write
    ) -> None:
        path = write_experiment()
        code, _, err = deepfeat("run", "training.memory=1 KiB")
        assert code == 2
        assert err.startswith("command line: training.memory: one member needs ")
        assert files(path.parent) == {"experiment.yml", "table.csv"}

    @pytest.mark.parametrize(
        "name",
        ["SIGTERM", *(pytest.param(name, marks=pytest.mark.slow) for name in ("SIGINT", "SIGUSR1"))],
    )
    def test_a_signal_ends_it_with_75_and_the_command_to_go_on(
        self, deepfeat: Type, write_experiment: Write, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        def stopped(*_: object) -> None:
            os.kill(os.getpid(), getattr(signal, name))
            time.sleep(5)

        before = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGINT)}
        write_experiment()
        with monkeypatch.context() as patched:
            patched.setattr("deepfeat.runs.runner.fit_shown", stopped)
            # here it would be this process of the tests that is ended, if the machine is busy
            patched.setattr("deepfeat.runs.interrupts.GRACE", 600)
            patched.setattr("deepfeat.runs.interrupts.LAST", 600)
            code, _, err = deepfeat("run", "name=other", "methods=[gate]", "--fresh")
        assert code == 75
        said, command = err.splitlines()
        assert said == f"Interrupted by {name}. What was finished is kept; to go on, type:"
        assert command == "  deepfeat run name=other 'methods=[gate]'"
        record = json.loads(Path("ExpOutput/other/run.json").read_text())
        assert (record["state"], record["exit_code"]) == ("interrupted", 75)
        assert {signum: signal.getsignal(signum) for signum in before} == before
        assert deepfeat("run", "name=other", "methods=[gate]")[0] == 0
        record = json.loads(Path("ExpOutput/other/run.json").read_text())
        assert [attempt["state"] for attempt in record["attempts"]] == ["interrupted"]

    def test_one_more_signal_does_not_cut_the_farewell_short(
        self, deepfeat: Type, write_experiment: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stopped(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(5)

        def once_more() -> None:
            os.kill(os.getpid(), signal.SIGTERM)

        missed: list[int] = []
        before = signal.signal(signal.SIGTERM, lambda signum, _: missed.append(signum))
        try:
            write_experiment()
            monkeypatch.setattr("deepfeat.runs.runner.fit_shown", stopped)
            monkeypatch.setattr("deepfeat.runs.interrupts.end_children", once_more)
            for name in ("GRACE", "LAST"):
                monkeypatch.setattr(f"deepfeat.runs.interrupts.{name}", 600)
            code, _, err = deepfeat("run", "methods=[gate]")
        finally:
            signal.signal(signal.SIGTERM, before)
        assert code == 75
        assert err.startswith("Interrupted by SIGUSR1.")
        assert missed == []

    def test_a_dry_run_says_what_is_there_and_writes_nothing(
        self, deepfeat: Type, write_experiment: Write
    ) -> None:
        write_experiment()
        code, out, err = deepfeat("run", "--dry-run")
        assert (code, err) == (0, "")
        assert "training: 2 networks, 0 used again, 2 to compute\n    nothing of it is there yet; 2 n" in out
        assert re.search(
            r"2 networks in 1 stack of at most \d+ MiB, at most .* \(up to 2 epochs each\)\n", out
        )
        assert not Path("ExpOutput").exists()
        assert deepfeat("run")[0] == 0
        _, out, _ = deepfeat("run", "--dry-run", "--models", "3")
        assert "training: 3 networks, 2 used again, 1 to compute\n    not computed yet; 1 network in " in out
        assert "gate: 3 networks, 2 used again, 1 to compute" in out

    def test_fresh_uses_nothing_of_what_is_there(self, deepfeat: Type, write_experiment: Write) -> None:
        write_experiment()
        deepfeat("run")
        assert "Training 2 networks" not in deepfeat("run")[1]
        assert "Training 2 networks" in deepfeat("run", "--fresh")[1]
        assert "2 used again, 0 to compute" in deepfeat("run", "--dry-run")[1]

    def test_what_is_done_is_told_again_without_loading_tensorflow(
        self, deepfeat: Type, write_experiment: Write
    ) -> None:
        write_experiment(arms={"other": {"seed": 1}})
        first = deepfeat("run")[1]
        run = Path("ExpOutput/tiny")
        before = {name: (run / name).read_bytes() for name in files(run)}
        typed = f"from deepfeat.cli import main\nimport sys\ntry: main()\nfinally: {NOT_LOADED}"
        done = subprocess.run(
            [sys.executable, "-c", typed, "run"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "there is nothing to do" in done.stdout
        ranking = first[first.rindex("Which features matter") : first.rindex("Finished in")]
        assert ranking in done.stdout
        assert {name: (run / name).read_bytes() for name in files(run)} == before

    def test_a_tracker_is_told_once_and_again_where_that_has_failed(
        self, deepfeat: Type, write_experiment: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[Path] = []

        def tell(_: object, folder: Path) -> None:
            told.append(folder)
            if len(told) == 1:
                raise ConnectionError("nobody answers")

        monkeypatch.setattr("deepfeat.interop.tracking.to_tensorboard", tell)
        monkeypatch.setattr("deepfeat.runs.prepare.find_spec", lambda _: True)
        write_experiment(logging={"tensorboard": "events"})
        code, out, _ = deepfeat("run")
        assert code == 3
        assert "failed: ConnectionError: nobody answers; the same command tries again" in " ".join(
            out.split()
        )
        for _ in range(2):
            code, out, _ = deepfeat("run")
            assert code == 0
            assert "there is nothing to do" in out
            assert len(told) == 2
        assert deepfeat("run", "logging.tensorboard=other")[0] == 0
        assert told[2:] == [Path.cwd() / "other" / "tiny"]
        assert deepfeat("run", "--models", "3")[0] == 0
        assert len(told) == 4

    def test_what_is_changed_damaged_or_incomplete_is_done(
        self, deepfeat: Type, write_experiment: Write
    ) -> None:
        write_experiment()
        run, nothing = Path("ExpOutput/tiny"), "there is nothing to do"
        deepfeat("run")
        assert nothing in deepfeat("run")[1]
        an_object = next((run / ".deepfeat" / "objects").glob("*/*"))
        for path in (run / "ranking.csv", an_object, run / "run.json"):
            path.write_bytes(path.read_bytes() + b" ")
            assert nothing not in deepfeat("run")[1], path
            assert nothing in deepfeat("run")[1], path
        (run / "figures" / "ranking.png").unlink()
        assert nothing not in deepfeat("run")[1]
        assert (run / "figures" / "ranking.png").exists()
        for change in ("seed=1", "training.models=3"):
            assert nothing not in deepfeat("run", change)[1]

    def test_a_second_run_stops_and_names_the_first(self, deepfeat: Type, write_experiment: Write) -> None:
        write_experiment()
        folder = Path.cwd() / "ExpOutput" / "tiny"
        with hold(folder, folder / ".deepfeat"):
            code, out, err = deepfeat("run")
        assert (code, out) == (2, "")
        assert f"in use by process {os.getpid()} on " in err
        assert files(folder) == {".deepfeat/lease.lock"}
        assert deepfeat("run")[0] == 0


# --- wrong input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize(
    ("words", "changes", "said"),
    [
        (["missing.yml"], {}, "missing.yml: "),
        ([], {"data": {"path": "nowhere.csv", "target": "ill"}}, "nowhere.csv"),
        ([], {"data": {"target": "il"}}, "did you mean ill?"),
        ([], {"methods": ["gates"]}, "did you mean gate?"),
        ([], {"training": {"learn_rate": 0.1}}, "did you mean learning_rate?"),
        (["training.epochs=none"], {}, "command line: training.epochs: "),
        (["data.ignore=[weight, height, colour]"], {}, "table.csv"),
    ],
)
def test_wrong_input_is_told_in_a_line_and_nothing_is_written(
    deepfeat: Type,
    write_experiment: Write,
    command: str,
    words: list[str],
    changes: dict[str, Any],
    said: str,
) -> None:
    path = write_experiment(**changes)
    code, out, err = deepfeat(command, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    assert files(path.parent) == {"experiment.yml", "table.csv"}


@pytest.mark.parametrize(
    "words", [["run", "--models", "0"], ["run", "--modles", "3"], ["rum"], ["validate", "--output", "x"]]
)
def test_a_wrong_command_line_is_told_with_where_to_read_more(deepfeat: Type, words: list[str]) -> None:
    code, _, err = deepfeat(*words)
    assert code == 2
    assert "Error: " in err
    assert "--help" in err


def commands(group: click.Group, *above: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, with the words that lead to it."""
    yield above, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield (*above, name), command


@pytest.mark.parametrize(("words", "command"), list(commands(program)), ids=str)
def test_help_fits_a_terminal(words: tuple[str, ...], command: click.Command) -> None:
    context = click.Context(command, info_name=" ".join(["deepfeat", *words]), terminal_width=80)
    assert [line for line in command.get_help(context).splitlines() if len(line) > 80] == []


def test_a_shell_that_starts_it_completes_methods() -> None:
    about = {"COMP_WORDS": "deepfeat methods show permutat", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-m", "deepfeat"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "_DEEPFEAT_COMPLETE": "bash_complete", **about},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["plain,permutation"]


def test_an_output_that_cannot_be_written_is_told(deepfeat: Type, write_experiment: Write) -> None:
    write_experiment()
    Path("taken").write_text("a file")
    code, _, err = deepfeat("run", "--output", "taken")
    assert code == 2
    assert "taken" in err
    assert "Traceback" not in err


def test_a_bug_of_ours_is_told_as_one(
    deepfeat: Type, write_experiment: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("never expected")

    monkeypatch.setattr("deepfeat.runs.prepare.prepare_loaded", broken)
    write_experiment()
    code, _, err = deepfeat("validate")
    assert code == 1
    assert "RuntimeError: never expected" in err
    assert "This is a bug in deepfeat" in err


def test_a_lack_of_memory_is_no_bug(
    deepfeat: Type, write_experiment: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("deepfeat.runs.prepare.prepare_loaded", too_large)
    write_experiment()
    code, _, err = deepfeat("validate")
    assert code == 75
    assert "There is not enough memory." in err
    assert "bug" not in err


# --- the other commands -------------------------------------------------------------------------------------


def test_names_in_a_table_can_forge_no_line(deepfeat: Type, write_experiment: Write) -> None:
    forged = "x\nexperiment.yml: valid"
    write_experiment(data={"path": "t\x1b]0;.csv", "target": "y"}, methods=["gate"])
    rows = "".join(f'{row}.5,"{forged if row % 3 else ""}",{row % 2}\n' for row in range(40))
    Path("t\x1b]0;.csv").write_text("a,b,y\n" + rows)
    code, out, err = deepfeat("validate")
    assert (code, err) == (0, "")
    assert out.splitlines().count("experiment.yml: valid") == 1
    assert r"x\nexperiment.yml: valid" in out
    assert r"t\x1b]0;: 40 rows" in out
    assert "\x1b" not in out


def test_names_of_images_can_forge_no_line(deepfeat: Type, write_experiment: Write) -> None:
    bad = Path("pictures/cat") / "a\x1b]0;pwned\x07\nTraining complete.png"
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"no image")
    write_experiment().write_text("name: pictures\ndata: {images: pictures}\nmethods: [saliency]\n")
    code, _, err = deepfeat("validate")
    assert code == 2
    (line,) = err.splitlines()
    assert line.startswith(r"pictures/cat/a\x1b]0;pwned\x07\nTraining complete.png: ")


def test_validate_says_what_would_be_run(deepfeat: Type, write_experiment: Write) -> None:
    path = write_experiment()
    code, out, err = deepfeat("validate", "training.loss=cross_entropy")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "experiment.yml: valid"
    for words in (
        "60 rows, 3 features, binary",
        "default",
        "2 networks, loss cross_entropy, at most 2 epochs",
        "gate",
    ):
        assert words in out
    assert files(path.parent) == {"experiment.yml", "table.csv"}


def test_the_schema_has_every_method_and_network(deepfeat: Type) -> None:
    code, out, _ = deepfeat("schema")
    assert code == 0
    json.loads(out)
    for name in ("gate", "first_layer", "ashraf-2021", "learning_rate", "gate_penalty"):
        assert f'"{name}"' in out


def test_the_version_names_what_a_bug_report_needs(deepfeat: Type) -> None:
    code, out, _ = deepfeat("--version")
    assert code == 0
    names = [line.split()[0] for line in out.splitlines()]
    assert names[:2] == ["deepfeat", "python"]
    assert {"keras", "numpy", "tensorflow_cpu", "system", "processor"} <= set(names)
    assert "pytest" not in names


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("deepfeat met", "plain,methods"),
        ("deepfeat va", "plain,validate"),
        ("deepfeat run --dr", "plain,--dry-run"),
        ("deepfeat demo gen", "plain,genes"),
        ("deepfeat demo sn", "plain,snps"),
        ("deepfeat methods show integ", "plain,integrated_gradients"),
    ],
)
def test_the_shell_completes(
    words: str, completed: str, deepfeat: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_DEEPFEAT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    code, out, err = deepfeat()
    assert (code, out.split(), err) == (0, [completed], "")


# --- new processes ------------------------------------------------------------------------------------------

EVERY_HELP = """
import sys
import click
from click.testing import CliRunner
from deepfeat.cli import program

def helps(command, words):
    yield words, CliRunner().invoke(program, [*words, "--help"])
    for name, inner in getattr(command, "commands", {}).items():
        yield from helps(inner, [*words, name])

for words, result in helps(program, []):
    assert result.exit_code == 0, words
    assert len(result.output.splitlines()) > 6, words
    assert "\\b" not in result.output, words
    print(" ".join(words) or "deepfeat")
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"tensorflow", "keras", "numpy", "pandas", "pydantic", "sklearn", "matplotlib"}, loaded
"""
COMMANDS = """
import json
import sys
from deepfeat.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["deepfeat", *words]
    try:
        main()
    except SystemExit as left:
        assert not left.code, (words, left.code)
    print("<next>")
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"tensorflow", "keras", "matplotlib", "shap", "lime"}, loaded
"""


def python(code: str, *words: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_help_is_there_at_once() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    shown = python(EVERY_HELP).splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert {"deepfeat", "run", "validate", "methods", "methods list", "methods show", "schema"} <= set(shown)
    assert after.ru_utime - before.ru_utime < 1


def test_validating_and_listing_start_no_tensorflow(write_experiment: Write) -> None:
    path = write_experiment()
    expected = {
        ("validate", str(path)): "valid",
        ("methods", "list", "--json"): "first_layer",
        ("methods", "show", "gate"): "gate",
        ("schema",): "learning_rate",
    }
    # one process for all: what any of them loads, it has loaded at the end
    *said, _ = python(COMMANDS, json.dumps(list(expected))).split("<next>\n")
    for (words, known), out in zip(expected.items(), said, strict=True):
        assert known in out, words


def test_ctrl_c_during_training_ends_it_at_once_and_dask_was_not_loaded(write_experiment: Write) -> None:
    path = write_experiment(training={"models": 20, "epochs": 100_000, "patience": 100_000})
    said = path.parent / "errors.txt"
    with said.open("w") as errors:
        running = subprocess.Popen(
            # tells of every module that it loads
            [
                sys.executable,
                "-X",
                "importtime",
                "-m",
                "deepfeat",
                "run",
                str(path),
                "-o",
                str(path.parent / "out"),
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith("Training 20 networks"):
                break
        time.sleep(0.5)
        start = time.monotonic()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
        # 8 seconds are promised on a machine that is not busy with other things; `make chaos` measures it
        assert time.monotonic() - start < 40
    finally:
        running.kill()
    assert running.returncode == 75
    err = said.read_text()
    assert f"  {sys.executable} -m deepfeat run {path} -o " in err
    loaded = {line.rsplit("|", 1)[-1].strip() for line in err.splitlines() if line.startswith("import time:")}
    assert "deepfeat.runs.runner" in loaded
    assert not {"dask", "distributed", "cryptography"} & loaded
    record = json.loads((path.parent / "out" / "tiny" / "run.json").read_text())
    assert (record["state"], record["exit_code"]) == ("interrupted", 75)
