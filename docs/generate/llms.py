"""`llms.txt`: what there is to read, for assistants."""

from contents import contents, summary, title

INTRODUCTION = """\
# deepfeat

> Which inputs of a table (or image) matter to a deep network, how strongly, and how sure are we? deepfeat is a batch
> job: it reads one YAML file, trains hundreds of Keras networks as one, asks them with importance methods that are
> plugins, and writes a ranking in which every number carries its uncertainty, with a page to read it on.

- Install and run from a checkout: `make run`. A first experiment for a table: `deepfeat init --data FILE --target NAME`.
- Commands: `deepfeat init`, `demo`, `validate`, `run`, `report`, `verify`, `features`, `methods`, `schema`, `submit`, `worker`;
  each explains itself with `--help`. Exit codes: 0 complete, 1 a bug, 2 wrong input, 3 finished but a method or network failed, 75 interrupted
  (the same command goes on), 130 Ctrl-C twice.
- Importance is a share, not evidence. Only methods with a null hypothesis give p-values: see docs/inference.md.
- A method is one Python file in `plugins/`; nothing in `deepfeat/` names one.
"""


def llms() -> str:
    """The text of the file."""
    parts = [INTRODUCTION]
    for caption, names in contents().items():
        entries = "\n".join(f"- [{title(name)}]({name}): {summary(name)}" for name in names)
        parts.append(f"## {caption}\n\n{entries}\n")
    return "\n".join(parts)
