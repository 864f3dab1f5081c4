"""A run directory may come from somebody else: no name that is read in it leads out of it."""

import os
from pathlib import Path

from deepfeat.errors import InputError, Problem


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path lies below a directory, wherever links on the way lead; false for what is no path.

    Args:
        path: the path; it need not exist.
        root: the directory.
    """
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):
        # a name with a zero byte, or a link that leads to itself
        return False


def refuse_links(root: Path) -> None:
    """Go on only if no link in a run directory leads out of it: nothing may be changed or shown there.

    Args:
        root: the run directory; it may be a link itself, and need not exist.

    Raises:
        InputError: with every link that does.
    """
    reason = "leads out of the run directory; put what it leads to in its place, or remove the link"
    links = (
        Path(folder, name)
        for folder, folders, files in os.walk(root)
        for name in (*folders, *files)
        if Path(folder, name).is_symlink()
    )
    out = [Problem(str(link), 0, 0, reason) for link in sorted(links) if not is_inside(link, root)]
    if out:
        raise InputError(out)
