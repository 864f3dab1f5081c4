"""What workers read: notes in the run directory, named by their content, that tasks refer to by name.

A message to a worker holds names and nothing else. Tables, plans and members lie on the disk that all share;
what is between machines is short.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.errors import ExitCode
from deepfeat.methods.builtin import BUILTIN
from deepfeat.methods.registry import Registry
from deepfeat.nets.network import Network
from deepfeat.runs.engines.errors import EngineError
from deepfeat.runs.ledger.keys import Work, data_sha256
from deepfeat.runs.ledger.packing import from_npz, plan_arrays, plan_of, to_npz
from deepfeat.runs.workers.exchange import network_told, write_dataset, write_ensemble
from deepfeat.training.plan import FitPlan
from deepfeat.training.settings import TrainingSettings
from deepfeat.writing.atomic import PREFIX, OutputError, make_directory, write_bytes

SEEN_WITHIN = 60.0
"""Seconds that a network file system may take to show one machine what another has written."""


class NotSharedError(EngineError):
    """A worker does not see what the run has written."""

    exit_code = ExitCode.USER_INPUT


class Notes:
    """The notes of one run.

    Args:
        ledger: the directory of the ledger, where they are kept as long as the run lasts.
    """

    def __init__(self, ledger: Path) -> None:
        self.root = ledger.absolute() / "notes"
        self._mark = token_hex(8)

    def clear(self) -> None:
        """Remove all of them; only the run that holds the lease may do so.

        What is there before a run may be somebody else's, and workers believe what it says. So it loses its
        name first: that succeeds also where the rest does not, which a later run removes.

        Raises:
            OutputError: they cannot be removed.
        """
        gone = self.root.with_name(PREFIX + token_hex(8))
        try:
            self.root.rename(gone)
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(self.root, error) from error
        with suppress(OSError):
            gone.unlink() if gone.is_symlink() else shutil.rmtree(gone)

    # --- written by the run ---------------------------------------------------------------------------------

    def training(
        self, data: Dataset, network: Network, settings: TrainingSettings, work: Work, registry: Registry
    ) -> str:
        """How stacks are trained: the table, the network, the settings, and what work they amount to."""
        return self._json(
            {
                "data": self._table(data),
                # Workers keep what they have made of it, which is of no use when the table was removed since:
                # on a network file system also an open file is gone then.
                "mark": self._mark,
                "network": network_told(network),
                "plugins": plugins_told(registry, type(network)),
                "settings": settings.model_dump(mode="json"),
                "work": work,
            }
        )

    def plan(self, plan: FitPlan) -> str:
        """What the members of a stack are trained on."""
        return self._bytes(to_npz(plan_arrays(plan)), ".npz")

    def asking(self, told: dict[str, Any]) -> str:
        """What a method is asked."""
        return self._json(told)

    def ensemble(self, ensemble: Ensemble, key: str) -> str:
        """Members, by the places where they lie in the ledger."""
        return self._folder(f"ensemble-{key[:32]}", lambda folder: write_ensemble(folder, ensemble))

    def _table(self, data: Dataset) -> str:
        return self._folder(f"table-{data_sha256(data)[:32]}", lambda folder: write_dataset(folder, data))

    def _json(self, content: dict[str, Any]) -> str:
        return self._bytes(json.dumps(content, sort_keys=True, allow_nan=False).encode("ascii"), ".json")

    def _bytes(self, content: bytes, suffix: str) -> str:
        name = hashlib.sha256(content).hexdigest() + suffix
        if not (self.root / name).exists():
            write_bytes(self.root / name, content)
        return name

    def _folder(self, name: str, write: Callable[[Path], object]) -> str:
        place = self.root / name
        if not place.exists():
            make_directory(self.root)
            half = self.root / f"{name}.{token_hex(8)}"
            try:
                write(half)
                half.rename(place)
            except OSError as error:
                raise OutputError(place, error) from error
        return name

    # --- read by workers ------------------------------------------------------------------------------------

    def read_json(self, name: str) -> dict[str, Any]:
        """A note of settings."""
        content: dict[str, Any] = json.loads(self.seen(name).read_bytes())
        return content

    def read_plan(self, name: str) -> FitPlan:
        """A plan."""
        return plan_of(from_npz(self.seen(name).read_bytes()))

    def seen(self, name: str) -> Path:
        """The path of a note, as soon as this machine sees it.

        Raises:
            NotSharedError: it does not.
        """
        return shown(self.root / name)


def shown(path: Path, within: float = SEEN_WITHIN) -> Path:
    """A path that somebody else has made a moment ago, as soon as this machine sees it.

    Args:
        path: the file or directory.
        within: seconds.

    Raises:
        NotSharedError: it does not see it in time.
    """
    end = time.monotonic() + within
    while not path.exists():
        if time.monotonic() > end:
            raise NotSharedError(
                f"{os.uname().nodename} does not see {path}; mount the disk of the results there, under the "
                "same path"
            )
        with suppress(OSError):
            list(path.parent.iterdir())  # makes network file systems look again
        time.sleep(0.2)
    return path


def plugins_told(registry: Registry, *kinds: type[Any]) -> list[dict[str, str]]:
    """The plugins that some classes come from, so that `load_again` finds them; the package itself is none.

    Args:
        registry: what this process has loaded.
        kinds: methods and networks, also such as a plugin does not offer to others.
    """
    modules = {kind.__module__ for kind in kinds}
    within = [
        plugin for plugin in registry.sources.values() if getattr(plugin.module, "__name__", "") in modules
    ]
    found = {plugin.source: plugin for plugin in [*registry.needed(*kinds), *within]}
    return [
        {"name": plugin.name, "source": _absolute(plugin.source), "sha256": plugin.sha256}
        for plugin in found.values()
        if plugin is not BUILTIN
    ]


def _absolute(source: str) -> str:
    return str(Path(source).absolute()) if Path(source).is_file() else source
