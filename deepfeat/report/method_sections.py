"""What each method says of itself, and the figures and files that it left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepfeat.report.embed import Shown, left_by, link
from deepfeat.report.results import Results
from deepfeat.writing.canvas import INDEX
from deepfeat.writing.labels import counted, duration

# what a run need not have recorded
_NOTHING = dict.fromkeys(
    ("summary", "sees", "blind_to", "removes", "paper", "scale", "null_hypothesis", "assumption"), ""
)


@dataclass(frozen=True)
class File:
    """A file of the run, as a link from its directory."""

    name: str
    link: str


@dataclass(frozen=True)
class MethodSection:
    """A method of the run, ready for the page; texts that there are none of are empty.

    Attributes:
        id: of its element.
        name: of the method.
        told: what it says of itself, see `deepfeat.methods.describe.asked_data`.
        failure: why it has no answer.
        pictures: its figures.
        files: what else it left.
    """

    id: str
    name: str
    told: Mapping[str, Any]
    failure: str
    pictures: Sequence[Shown]
    files: Sequence[File]

    @property
    def is_about_others(self) -> bool:
        """Whether it judges the other methods, instead of the features."""
        return bool(self.told.get("after_others"))

    @property
    def settings(self) -> str:
        """Its parameters."""
        return ", ".join(
            f"{name}: {value}" for name, value in self.told.get("params", {}).items() if value is not None
        )

    @property
    def asked(self) -> str:
        """How many answers it gave, and how long that took."""
        if not self.told.get("members"):
            return ""
        return f"{counted(self.told['members'], 'answer')} in {duration(self.told['seconds'])}"

    @property
    def notes(self) -> Sequence[str]:
        """What it noted when it was asked."""
        return list(self.told.get("notes", ()))


def method_sections(results: Results) -> list[MethodSection]:
    """A section per method that was asked, in the order of the experiment.

    Args:
        results: of a finished run.

    Raises:
        InputError: a file is damaged.
    """
    asked: Mapping[str, Mapping[str, Any]] = results.record.get("methods") or {
        name: {} for name in results.methods
    }
    return [
        _section(results, f"method-{number}", name, told)
        for number, (name, told) in enumerate(asked.items(), 1)
    ]


def _section(results: Results, id_: str, name: str, told: Mapping[str, Any]) -> MethodSection:
    pictures = left_by(results, name, id_)
    shown = {address for picture in pictures for _, address in picture.links}
    folder = results.paths.artefacts(name)
    left = sorted(folder.iterdir()) if folder.is_dir() else []
    files = [results.paths.method(name), *(file for file in left if file.is_file())]
    links = [File(file.name, link(results, file)) for file in files if file.is_file()]
    failures: Sequence[str] = results.record.get("failures", ())
    failure = next((text.partition(": ")[2] for text in failures if text.startswith(f"method {name}: ")), "")
    return MethodSection(
        id_,
        name,
        {**_NOTHING, **told},
        failure,
        pictures,
        [file for file in links if file.link not in shown and file.name != INDEX],
    )
