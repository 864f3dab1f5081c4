"""Time one way of training and print one line of JSON: `python measure.py jax_vmap --epochs 50`.

A way is a module beside this one with `time_per_member_epoch(...) -> milliseconds` and `PACKAGES`, the
libraries it needs. Where one is missing the line says so under `skipped`, and the exit code is still 0.
"""

import argparse
import inspect
import json
import os
import sys
from importlib import import_module

NAMES = ("deepfeat_stack", "jax_vmap", "keras_2021", "keras_plain", "matmul_limit", "torch_func")


def main(arguments: list[str]) -> None:
    """Import the module, make an option of each parameter of its function, call it, print the line."""
    name = argparse.ArgumentParser(add_help=False)
    name.add_argument("name", choices=NAMES)
    chosen, _ = name.parse_known_args(arguments)
    # Quiet TensorFlow before it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    line = {"name": chosen.name, "cpus": os.cpu_count()}
    try:
        module = import_module(chosen.name)
        function = module.time_per_member_epoch
        parser = argparse.ArgumentParser(parents=[name], description=inspect.getdoc(function))
        for parameter in inspect.signature(function).parameters.values():
            flag = f"--{parameter.name.replace('_', '-')}"
            parser.add_argument(flag, type=type(parameter.default), default=parameter.default)
        options = {key: value for key, value in vars(parser.parse_args(arguments)).items() if key != "name"}
        line |= options | {
            "versions": {package: import_module(package).__version__ for package in module.PACKAGES}
        }
        line["ms_per_member_epoch"] = function(**options)
        line |= getattr(module, "DETAILS", {})
    except ModuleNotFoundError as error:
        line["skipped"] = f"{error}; pip install {error.name}"
    except NotImplementedError as error:
        line["skipped"] = str(error)
    print(json.dumps(line))


if __name__ == "__main__":
    main(sys.argv[1:])
