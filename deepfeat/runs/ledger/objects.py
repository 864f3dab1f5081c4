"""Files named by the sha256 of their content: whether one is whole can be seen from itself."""

import hashlib
from pathlib import Path

from deepfeat.writing.atomic import write_bytes


class Objects:
    """A directory of immutable files.

    Args:
        root: the directory; made with the first file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._whole: set[str] = set()

    def path(self, sha256: str) -> Path:
        """Where the file with this content is, or would be."""
        return self.root / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep some content; one that is there already is left alone unless it is damaged.

        Returns:
            Its sha256, in hexadecimal.

        Raises:
            OutputError: it cannot be written.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        if not self.is_whole(sha256):
            write_bytes(self.path(sha256), content)
            self._whole.add(sha256)
        return sha256

    def is_whole(self, sha256: str) -> bool:
        """Whether a file is there and has its content; it is read once in the life of this object."""
        if sha256 not in self._whole and file_is(self.path(sha256), sha256):
            self._whole.add(sha256)
        return sha256 in self._whole

    def read(self, sha256: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: it is missing.
            ValueError: it is damaged.
        """
        content = self.path(sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError(f"{self.path(sha256)}: is not what was written; its sha256 differs")
        return content


def file_is(path: Path, sha256: str) -> bool:
    """Whether there is a file with this digest."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
