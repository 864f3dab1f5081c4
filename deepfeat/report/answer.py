"""The answer in two sentences: which features, how sure, how good the networks were."""

from collections.abc import Sequence
from dataclasses import dataclass

from deepfeat.report.results import Results

_NONE = "This run has left no answer in words; the ranking below is what it found."


@dataclass(frozen=True)
class Answer:
    """What a person can quote.

    Attributes:
        sentences: two of them.
        remarks: what has to be known besides, a sentence each.
        doubtful: whether the ranking must not be used, or it cannot be told whether it may.
    """

    sentences: Sequence[str]
    remarks: Sequence[str] = ()
    doubtful: bool = False


def read_answer(results: Results) -> Answer:
    """The answer of a run, as it wrote it into `answer.json`.

    Args:
        results: of a finished run.

    Raises:
        InputError: the file is damaged.
    """
    if not results.answer:
        return Answer((_NONE,))
    found = results.answer
    remarks = [*found["details"], *(_sentence(note) for note in found["notes"])]
    return Answer(found["headline"], remarks, doubtful=found["usable"] is not True)


def _sentence(note: str) -> str:
    """A note as a sentence."""
    text = note[:1].upper() + note[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
