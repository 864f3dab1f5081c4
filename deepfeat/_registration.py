"""Making deepfeat's layers known to Keras without importing Keras.

Keras opens a saved model only if its custom layers were registered before. Importing Keras takes seconds,
which `deepfeat --help` must not, so the registration waits until somebody else imports Keras.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_LAYERS = (
    "deepfeat.nets.blocks",
    "deepfeat.nets.gate",
    "deepfeat.nets.picture",
    "deepfeat.nets.standardize",
    "deepfeat.nets.losses",
)


def register_with_keras() -> None:
    """Register now where Keras is loaded already, else as soon as it is."""
    if "keras" in sys.modules:
        _register()
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())


def _register() -> None:
    for module in _LAYERS:
        import_module(module)


class _AfterKeras(MetaPathFinder):
    """Finds nothing by itself; when Keras is first looked for, has the layers registered afterwards."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of Keras with a loader that also registers, None for every other module."""
        if fullname != "keras":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader, self)
        return spec


class _RegisteringLoader(Loader):
    """Loads a module as its own loader does, then registers the layers and withdraws."""

    def __init__(self, loader: Loader, finder: MetaPathFinder) -> None:
        self._loader, self._finder = loader, finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """See `importlib.abc.Loader`."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """See `importlib.abc.Loader`."""
        # The module keeps its own loader: whoever reads its source or resources asks that one.
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        _register()
