"""The table of contents of the documentation: the site and `llms.txt` are made from it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _all(folder: str) -> tuple[str, ...]:
    """The pages of a folder, by name."""
    return tuple(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / folder).glob("*.md")))


def contents() -> Mapping[str, tuple[str, ...]]:
    """Captions, and the pages below each, from the root of the repository."""
    return {
        "To begin": (
            "README.md",
            "docs/getting-started.md",
            "docs/concepts.md",
            "docs/choosing.md",
            "docs/first-ten-minutes.md",
        ),
        "Examples": ("docs/examples.md", *_all("docs/examples")),
        "Methods": ("docs/methods.md", "docs/inference.md", "docs/images.md", "docs/plugins.md"),
        "Every method": _all("docs/methods"),
        "Reference": (
            "docs/experiment-file.md",
            "docs/commands.md",
            "docs/outputs.md",
            "docs/interop.md",
            "Data/README.md",
        ),
        "What to expect": (
            "docs/reliability.md",
            "SECURITY.md",
            "docs/performance.md",
            "docs/scaling.md",
            "docs/calibration.md",
            "docs/accuracy.md",
        ),
        "The house": ("docs/architecture.md", *_all("docs/decisions"), "CONTRIBUTING.md", "CHANGELOG.md"),
    }


def pages() -> Iterator[str]:
    """Every page."""
    for names in contents().values():
        yield from names


def title(page: str) -> str:
    """The first heading of a page.

    Args:
        page: from the root of the repository.
    """
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("# ") for line in lines if line.startswith("# "))


def summary(page: str) -> str:
    """The first sentence of a page; of a decision, its question.

    Args:
        page: from the root of the repository.
    """
    text = re.sub(r"```.*?```\n", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    written = (block for block in text.split("\n\n") if block.strip() and block[0] not in "#|<-![>")
    paragraph = next(block for block in written if not block.startswith("**Decided**"))
    words = re.sub(r"\*\*(Question|The promise)\.\*\* ", "", " ".join(paragraph.split())).replace("**", "")
    ended = re.match(r".*?(?<!\bal)[.?](?=[*`)]?( (deepfeat |[A-Z`*\[])|$))[*]?", words)
    return (ended[0] if ended else words).removesuffix(".")
