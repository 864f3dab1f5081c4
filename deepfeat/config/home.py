"""`~` in paths that no shell has seen: those of a setting, of `.env`, and behind the = of an option."""

from pathlib import Path


def expand_home(path: str | Path) -> Path:
    """A path with the home directory in the place of `~`.

    Args:
        path: as it is written. One of a user who is not known stays as it is: opening the file will say it.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
