"""The experiment file: its settings, where each is written, and everything that is wrong with it at once."""

from deepfeat.config.draft import Place, Positions
from deepfeat.config.dump import dump_experiment, dump_value
from deepfeat.config.environment import read_environment
from deepfeat.config.home import expand_home
from deepfeat.config.load import LoadedExperiment, load_experiment
from deepfeat.config.messages import explain
from deepfeat.config.schema import (
    DataConfig,
    Experiment,
    LoggingConfig,
    MethodEntry,
    NetworkConfig,
    RankingConfig,
    SplitConfig,
    TrainingConfig,
)
from deepfeat.config.schema_json import json_schema
from deepfeat.config.sizes import parse_size
from deepfeat.config.values import KeyPath

__all__ = [
    "DataConfig",
    "Experiment",
    "KeyPath",
    "LoadedExperiment",
    "LoggingConfig",
    "MethodEntry",
    "NetworkConfig",
    "Place",
    "Positions",
    "RankingConfig",
    "SplitConfig",
    "TrainingConfig",
    "dump_experiment",
    "dump_value",
    "expand_home",
    "explain",
    "json_schema",
    "load_experiment",
    "parse_size",
    "read_environment",
]
