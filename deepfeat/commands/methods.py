"""`deepfeat methods ...` and `deepfeat schema`: what is plugged in."""

import json
import logging
import shlex
from pathlib import Path

import click

from deepfeat.commands.common import CONTEXT, DEFAULT, plugged_in
from deepfeat.errors import ExitCode


def _names(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Methods that the shell can complete a word to; a key is no command, so no `.env` adds plugins."""
    from deepfeat.methods.registry import load_registry  # noqa: PLC0415 - commands import what they need

    plugins = context.params.get("plugins") or ()
    return [name for name in load_registry(plugins).methods if name.startswith(begun)]


@click.group(context_settings=CONTEXT, invoke_without_command=True)
@click.pass_context
def methods(context: click.Context) -> None:
    """List and describe the importance methods that are plugged in."""
    if context.invoked_subcommand is None:
        context.invoke(methods_list, as_json=False, markdown=False, plugins=())


PLUGINS = click.option(
    "-p",
    "--plugins",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="A plugin file, or a directory of them, besides the shipped ones; may be given several times.",
)


@methods.command("list", context_settings=CONTEXT)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--markdown", is_flag=True, help="Print what each can and cannot see, as Markdown.")
@PLUGINS
def methods_list(*, as_json: bool, markdown: bool, plugins: tuple[Path, ...]) -> None:
    """Every method: its name, what it does in a line, cost and source; and the plugins that are broken."""
    from deepfeat.methods.describe import list_data, list_markdown, list_view  # noqa: PLC0415

    registry = plugged_in(plugins)
    if as_json:
        click.echo(json.dumps(list_data(registry), indent=2, ensure_ascii=False))
    elif markdown:
        click.echo(list_markdown(registry), nl=False)
    else:
        from deepfeat.writing.terminal import styled_console  # noqa: PLC0415

        styled_console().print(list_view(registry))


@methods.command("show", context_settings=CONTEXT)
@click.argument("name", shell_complete=_names)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@PLUGINS
def methods_show(name: str, *, as_json: bool, plugins: tuple[Path, ...]) -> None:
    """One method: what it measures, its paper, its parameters with types and defaults."""
    from deepfeat.methods.describe import show_data, show_view  # noqa: PLC0415

    registry = plugged_in(plugins)
    if as_json:
        click.echo(json.dumps(show_data(registry, name), indent=2, ensure_ascii=False))
    else:
        from deepfeat.writing.terminal import styled_console  # noqa: PLC0415

        styled_console().print(show_view(registry, name))


@methods.command("check", context_settings=CONTEXT)
@click.argument("target", metavar="NAME|FILE", shell_complete=_names)
@click.option("--quick", is_flag=True, help="Ask it about linear models, in a moment, instead of networks.")
@PLUGINS
def methods_check(target: str, *, quick: bool, plugins: tuple[Path, ...]) -> int:
    """Check that a method does what every method must do.

    NAME is a method, FILE a plugin file. Small networks are trained on made tables, and the method is asked
    about them: form and repeatability of its answer, what it changes and writes, one feature, categories,
    and a planted signal that must come first. Takes a minute; with --quick a moment.

    \b
    Exit code: 0 it conforms, 2 it cannot be loaded, 3 a check failed.
    """
    from deepfeat.config import read_environment  # noqa: PLC0415
    from deepfeat.testing.checking import check_method, methods_to_check  # noqa: PLC0415
    from deepfeat.testing.linear import LinearEnsembles  # noqa: PLC0415
    from deepfeat.testing.trained import TrainedEnsembles  # noqa: PLC0415

    found = methods_to_check(target, plugins, read_environment(Path(DEFAULT)))
    if not quick:
        from deepfeat.nets import device  # noqa: PLC0415

        device.prepare()
        # Every table has a program of its own here, which TensorFlow takes for a mistake.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    make = LinearEnsembles() if quick else TrainedEnsembles()
    code = ExitCode.COMPLETE
    for method in found:
        click.echo(f"{method.name}, asked about {'linear models' if quick else 'trained networks'}:")
        code = max(code, check_method(method, make, click.echo))
    return code


@methods.command("new", context_settings=CONTEXT)
@click.argument("name")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("plugins"),
    show_default=True,
    help="Where the plugin goes.",
)
@click.option(
    "--tests",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("tests/plugins"),
    show_default=True,
    help="Where its test goes.",
)
def methods_new(name: str, directory: Path, tests: Path) -> None:
    """Write a new method NAME and its test; both work as they are, to be changed into what you need."""
    from deepfeat.testing.scaffold import new_method  # noqa: PLC0415

    registry = plugged_in([directory] if directory.is_dir() else [])
    method, test = new_method(name, directory, tests, registry)
    click.echo(f"{method}: the method")
    click.echo(f"{test}: its test")
    click.echo(f"Next: deepfeat methods check {shlex.quote(str(method))} --quick")
    if name not in plugged_in().methods:
        click.echo(f"To use it, an experiment names its directory: plugins: [{directory}]")


@click.command(context_settings=CONTEXT)
@PLUGINS
def schema(plugins: tuple[Path, ...]) -> None:
    """Print the JSON schema of the experiment file, with the parameters of every method and network.

    Editors that understand JSON schema complete and check the file as you type:

    \b
      deepfeat schema > experiment.schema.json

    and the first line of experiment.yml:

    \b
      # yaml-language-server: $schema=experiment.schema.json
    """
    from deepfeat.config import json_schema  # noqa: PLC0415

    registry = plugged_in(plugins)
    described = json_schema(
        {name: method.Params.model_json_schema() for name, method in registry.methods.items()},
        {name: network.Params.model_json_schema() for name, network in registry.networks.items()},
    )
    click.echo(json.dumps(described, indent=2, ensure_ascii=False))
