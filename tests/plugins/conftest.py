"""The shipped plugins, as the registry finds them."""

import pytest

from deepfeat.methods.registry import Registry, load_registry


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry(environ={})
