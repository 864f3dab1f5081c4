"""What a run said at its end, told again from its directory."""

from pathlib import Path

from deepfeat.ranking.answer import Answer
from deepfeat.report.results import Results
from deepfeat.runs.console import RunConsole


def retell(root: Path, console: RunConsole) -> None:
    """Print the ranking and the answer of a run that was carried out before.

    Args:
        root: the run's directory.
        console: where to print.

    Raises:
        InputError: a file is missing or damaged.
    """
    results = Results(root)
    console.stage(f"Experiment {results.experiment.name}")
    console.note("it was carried out before, and all results are as they were left: there is nothing to do")
    if not results.paths.ranking.exists():
        return
    console.ranking(results.ranking, confidence=results.experiment.ranking.confidence)
    said = results.answer
    first, second = said["headline"]
    skill = said["skill"]
    console.answer(
        Answer(
            said["usable"],
            said["verdict"],
            skill["judged"],
            skill["better"],
            (first, second),
            tuple(said["details"]),
        )
    )
