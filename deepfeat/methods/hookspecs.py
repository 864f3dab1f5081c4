"""The hooks that a plugin may implement.

A hook returns classes and does no work: what is registered must be known in a fraction of a second. A file
that defines its classes at module level needs no hook; a hook, where there is one, is the whole answer.
"""

from collections.abc import Iterable

import pluggy

from deepfeat.methods.method import Method
from deepfeat.nets.network import Network

PROJECT = "deepfeat"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def deepfeat_methods() -> Iterable[type[Method]]:  # type: ignore[empty-body]
    """The importance methods of this plugin."""


@hookspec
def deepfeat_networks() -> Iterable[type[Network]]:  # type: ignore[empty-body]
    """The networks of this plugin, which `network.preset` can then name."""
