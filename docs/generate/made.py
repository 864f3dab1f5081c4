"""Every page that is made from the code."""

import re
from pathlib import Path

from commands_page import commands_page
from experiment_file import experiment_file
from method_pages import method_pages
from readme import README, readme

from deepfeat.methods.describe import list_markdown
from deepfeat.methods.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
COMMAND = "deepfeat methods list --markdown"
PAGES = re.compile(r"(<!-- begin: pages -->\n).*?(<!-- end: pages -->)", re.DOTALL)
TABLE = re.compile(rf"(<!-- begin: {COMMAND} -->\n).*?(<!-- end -->)", re.DOTALL)


def generated(registry: Registry) -> dict[Path, str]:
    """Every page that is made, and its text.

    Args:
        registry: the shipped plugins.
    """
    methods = (DOCS / "methods.md").read_text(encoding="utf-8")
    table = list_markdown(registry)
    links = ", ".join(f"[{name}](methods/{name}.md)" for name in registry.methods)
    methods = PAGES.sub(lambda found: f"{found[1]}{links}\n{found[2]}", methods)
    return {
        README: readme(),
        DOCS / "methods.md": TABLE.sub(lambda found: f"{found[1]}{table}{found[2]}", methods),
        DOCS / "experiment-file.md": experiment_file(registry),
        DOCS / "commands.md": commands_page(),
        **{DOCS / "methods" / f"{name}.md": text for name, text in method_pages(registry).items()},
    }
