"""The page about other tools says nothing that does not exist."""

import re
from inspect import signature
from pathlib import Path

import yaml

from deepfeat import DeepFeatureSelector, Run
from deepfeat.config import LoggingConfig

PAGE = (Path(__file__).parents[2] / "docs" / "interop.md").read_text()


def test_every_name_of_a_run_exists() -> None:
    names = set(re.findall(r"`run\.(\w+)", PAGE)) | set(re.findall(r"^run\.(\w+)", PAGE, re.MULTILINE))
    assert len(names) > 5
    for name in names:
        assert hasattr(Run, name), name


def test_the_selector_takes_what_the_page_gives_it() -> None:
    (given,) = re.findall(r"= DeepFeatureSelector\((.*)\)", PAGE)
    names = re.findall(r"(\w+)=", given)
    assert names == ["models", "n_features_to_select"]
    assert set(names) <= set(signature(DeepFeatureSelector).parameters)
    for name in re.findall(r"^selector\.(\w+)\(", PAGE, re.MULTILINE):
        assert hasattr(DeepFeatureSelector, name)


def test_the_settings_of_trackers_are_settings() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    LoggingConfig.model_validate(yaml.safe_load(block)["logging"])
