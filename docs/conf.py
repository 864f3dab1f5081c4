"""How Sphinx makes the static pages of `make docs` from the Markdown of this repository.

The root of the sources is that of the repository, so that every link works as it does where the files are
listed.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs" / "generate"))

from contents import contents, pages  # noqa: E402 - found by the line above

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "deepfeat"
author = copyright = "The deepfeat authors"  # noqa: A001 - Sphinx calls it so
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = [*pages()]
# Sphinx looks into every directory, and lists what it finds in these even if none of it is a page.
exclude_patterns = [".*", "ExpOutput", "build", "shared"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "deepfeat"
html_copy_source = False
html_show_sphinx = False
html_extra_path = ["../llms.txt"]
# Links of the site itself only: other people's servers are not asked when the documentation is built.
nitpicky = True

LINK = re.compile(r"\[([^\]\[]*)\]\(([^()\s#:]+)\)")


def without_links_to_folders(folder: Path, text: str) -> str:
    """The text with links to folders taken off: a folder can be looked at in a repository, and is no page.

    Args:
        folder: of the page, where its links begin.
        text: of the page.
    """
    return LINK.sub(lambda link: link[1] if (folder / link[2]).is_dir() else link[0], text)


def prepare(_: "Sphinx", page: str, source: list[str]) -> None:
    """Make a page of a file of the repository, and the first one lead to all others.

    Args:
        page: its name, without `.md`.
        source: its text, in a list that is changed.
    """
    source[0] = without_links_to_folders((ROOT / page).parent, source[0])
    if page == root_doc:
        for caption, names in contents().items():
            entries = "\n".join(name.removesuffix(".md") for name in names if name != "README.md")
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"


def finish(app: "Sphinx", failure: Exception | None) -> None:
    """Let the site open at its first page.

    Args:
        app: knows where the pages are.
        failure: what went wrong, if something did.
    """
    if failure is None and app.builder.format == "html":
        shutil.copy(Path(app.outdir) / f"{root_doc}.html", Path(app.outdir) / "index.html")


def setup(app: "Sphinx") -> None:
    """Called by Sphinx."""
    app.connect("source-read", prepare)
    app.connect("build-finished", finish)
