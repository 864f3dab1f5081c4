"""Parts of a page that a benchmark writes, between `<!-- begin: NAME -->` and `<!-- end: NAME -->`."""

import re
from pathlib import Path


def write_marked(page: Path, name: str, text: str) -> None:
    """Put a text in place of what stands between the two marks, each on a line of its own.

    Args:
        page: the file; one without the marks stays as it is.
        name: of the part.
        text: it ends with a line break.
    """
    part = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
    page.write_text(part.sub(lambda found: f"{found[1]}{text}{found[2]}", page.read_text()))
