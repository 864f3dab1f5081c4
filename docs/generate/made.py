"""Every page that is made from the code."""

from pathlib import Path

from commands_page import commands_page
from experiment_file import experiment_file
from marked import with_part
from method_pages import method_pages
from readme import README, readme

from deepfeat.methods.describe import list_markdown
from deepfeat.methods.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
COMMAND = "deepfeat methods list --markdown"


def generated(registry: Registry) -> dict[Path, str]:
    """Every page that is made, and its text.

    Args:
        registry: the shipped plugins.
    """
    methods = (DOCS / "methods.md").read_text(encoding="utf-8")
    links = ", ".join(f"[{name}](methods/{name}.md)" for name in registry.methods)
    methods = with_part(methods, "pages", f"{links}\n")
    return {
        README: readme(),
        DOCS / "methods.md": with_part(methods, COMMAND, list_markdown(registry)),
        DOCS / "experiment-file.md": experiment_file(registry),
        DOCS / "commands.md": commands_page(),
        **{DOCS / "methods" / f"{name}.md": text for name, text in method_pages(registry).items()},
    }
