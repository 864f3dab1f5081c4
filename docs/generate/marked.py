"""Parts of a page that are made from the code, between `<!-- begin: NAME -->` and `<!-- end: NAME -->`."""

import re


def with_part(page: str, name: str, text: str) -> str:
    """The page with a text in place of what stands between the two marks, each on a line of its own.

    Args:
        page: its text; one without the marks stays as it is.
        name: of the part.
        text: it ends with a line break.
    """
    part = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
    return part.sub(lambda found: f"{found[1]}{text}{found[2]}", page)
