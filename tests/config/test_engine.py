"""Where the work is done: how it is written, what goes together, and how it is written down again."""

from typing import Any

import pytest
from pydantic import ValidationError

from deepfeat.config.engine import DaskConfig, EngineConfig

TLS = {"ca": "a", "certificate": "b", "key": "c"}


@pytest.mark.parametrize("written", ["local", {}, {"dask": {}}, "dask", {"dask": None}])
def test_by_name_or_with_settings(written: Any) -> None:  # noqa: ANN401
    engine = EngineConfig.model_validate(written)
    assert (engine.dask is None) == (written in ("local", {}))
    assert EngineConfig.model_validate(engine.model_dump()) == engine


@pytest.mark.parametrize(
    ("settings", "joins"),
    [
        ({}, False),
        ({"workers": 2}, False),
        ({"address": "tcp://a:1"}, True),
        ({"scheduler_file": "f"}, True),
        ({"scheduler_file": "f", "listen": "host", "workers": 0, "tls": TLS}, False),
    ],
)
def test_started_or_joined(settings: dict[str, Any], joins: bool) -> None:  # noqa: FBT001
    assert DaskConfig.model_validate(settings).joins == joins


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"address": "a", "scheduler_file": "f"}, "address and scheduler_file are both given"),
        ({"address": "a", "listen": "h"}, "address and listen are both given"),
        ({"scheduler_file": "f", "workers": 2}, "a cluster that is joined has its own workers"),
        ({"workers": 0}, "0 leaves nobody to do the work"),
        ({"memory": "4gb"}, "write an amount such as 4 GiB"),
        ({"tls": {"ca": "a"}}, "certificate"),
        ({"listen": "head:auto"}, "found 'head:auto'; write a name or an address of this machine"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DaskConfig.model_validate(settings)
