"""`docs/commands.md`: every command as it explains itself."""

import click

from deepfeat.cli import program
from deepfeat.commands.common import CONTEXT

INTRODUCTION = """\
# Commands

Every command, as `deepfeat COMMAND --help` explains it (`make docs` writes this page). In a checkout, `deepfeat` is
`.venv/bin/deepfeat` once `make run` has set `.venv` up; in a container it is
`docker compose run --rm --entrypoint deepfeat experiment`.

**Completion.** Put the line of your shell into its start-up file, and commands, options and the names of methods and
examples complete with the tab key:

```sh
eval "$(_DEEPFEAT_COMPLETE=bash_source deepfeat)"      # ~/.bashrc
eval "$(_DEEPFEAT_COMPLETE=zsh_source deepfeat)"       # ~/.zshrc
_DEEPFEAT_COMPLETE=fish_source deepfeat | source       # ~/.config/fish/config.fish
```

**Exit codes.** 0 complete; 1 a bug of ours, with a traceback to report; 2 the input cannot be used, nothing was trained; 3
finished, but a network or a method failed; 75 interrupted, the same command goes on; 130 ended at once by a second Ctrl-C.

**Colour** is for terminals only, and `NO_COLOR=1` turns it off. Output that is not a terminal gets a line now and then
instead of a progress bar.

**Environment variables.** Those that an experiment file refers to (`${N_MODELS:-100}`) and the first two of these may also stand in
the `.env` beside the experiment file; `methods`, `schema` and `init` read the one in the directory that they work in.

| variable | what it does |
| --- | --- |
| `OUTPUT_DIR` | where results go without `--output` |
| `DEEPFEAT_PLUGINS` | more plugin files and directories, separated as in `PATH` ([plugins](plugins.md#where-plugins-are-found)) |
| `DEEPFEAT_SHIPPED_PLUGINS` | the directory of the shipped plugins, where it is not beside the package |
| `DEEPFEAT_COMMIT` | the commit that `run.json` records, for an image that is built without a git directory; changes no result |
| `NO_COLOR` | no colour on a terminal |

**A bug report** should have what `deepfeat --version` prints: the versions that matter.
"""


def commands_page() -> str:
    """The text of the page."""
    parts = [INTRODUCTION]
    for names, command in _commands(program, ()):
        words = " ".join(("deepfeat", *names))
        # As the command itself makes it; click remembers the help option of the first context that there was.
        command._help_option = None  # noqa: SLF001
        context = click.Context(command, info_name=words, terminal_width=100, **CONTEXT)
        text = command.get_help(context)
        if names:
            parts.append(f"## `{words}`\n")
        parts.append(f"```text\n{text}\n```\n")
    return "\n".join(parts)


def _commands(group: click.Group, names: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = [(names, group)]
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += _commands(command, (*names, name))
        else:
            found.append(((*names, name), command))
    return found
