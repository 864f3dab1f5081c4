"""The documentation: links lead somewhere, snippets work, and what is made from the code is up to date."""

import ast
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from deepfeat.cli import program
from deepfeat.config import load_experiment
from deepfeat.methods.registry import load_registry

ROOT = Path(__file__).parents[2]
GENERATE = ROOT / "docs" / "generate"


@pytest.fixture(scope="module", autouse=True)
def _scripts() -> Iterator[None]:
    """The scripts of docs/generate import each other by name."""
    sys.path.insert(0, str(GENERATE))
    yield
    sys.path.remove(str(GENERATE))


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "Data").glob("*.md")]
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def anchors(page: str) -> set[str]:
    """Those of the headings, as GitHub and MyST make them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(page)), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
        found.add(plain.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^()\s]+)\)", without_code(text_of(page))):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.resolve().relative_to(ROOT).as_posix()), target


def commands(page: str) -> Iterator[list[str]]:
    """Every deepfeat command of a page's snippets for the shell."""
    for language, block in FENCE.findall(text_of(page)):
        if language not in {"sh", "console", ""}:
            continue
        for line in block.replace("\\\n", " ").splitlines():
            typed = line.removeprefix("$ ").strip()
            if re.match(r"(\.venv/bin/)?deepfeat ", typed):
                yield shlex.split(typed, comments=True)[1:]


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_commands(page: str) -> None:
    for words in commands(page):
        command: click.Command = program
        context = click.Context(program)
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            assert words[0] in command.commands, words
            command = command.commands[words.pop(0)]
            context = click.Context(command, parent=context)
        command.make_parser(context).parse_args([word for word in words if word != ">"])


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_are_targets(page: str) -> None:
    known = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = [block for language, block in FENCE.findall(text_of(page)) if language in {"sh", ""}]
    inline = re.findall(r"`(make [^`\n]*)`", FENCE.sub("", text_of(page)))
    for target in re.findall(r"^make ([a-z0-9-]+)", "\n".join([*code, *inline]), re.MULTILINE):
        assert target in known, target


@pytest.mark.parametrize("page", PAGES)
def test_python_is_python_and_yaml_is_yaml(page: str, tmp_path: Path) -> None:
    for language, block in FENCE.findall(text_of(page)):
        if language == "python":
            ast.parse(block if "..." in block or not block.startswith("def ") else f"{block.rstrip()}: ...")
        elif language == "yaml":
            settings = yaml.safe_load(block)
            if isinstance(settings, dict) and {"name", "data", "methods"} <= settings.keys():
                path = tmp_path / "experiment.yml"
                path.write_text(block, encoding="utf-8")
                load_experiment(path, environ={})


@pytest.mark.parametrize("page", PAGES)
def test_a_snippet_of_a_file_of_the_repository_is_that_file(page: str) -> None:
    blocks = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", text_of(page), re.DOTALL)
    assert [file for file, block in blocks if block != text_of(file)] == []


def test_every_page_is_in_the_table_of_contents() -> None:
    from contents import pages  # noqa: PLC0415 - see above

    assert sorted(pages()) == PAGES


def test_what_is_made_is_up_to_date() -> None:
    from importlib import import_module  # noqa: PLC0415

    made = import_module("made").generated(load_registry(environ={}))
    stale = [path.name for path, text in made.items() if not path.exists() or path.read_text() != text]
    assert not stale, f"type: make docs, or python docs/generate ({', '.join(stale)})"


def test_llms_txt_is_up_to_date() -> None:
    from llms import llms  # noqa: PLC0415 - see above

    assert text_of("llms.txt") == llms(), "type: python docs/generate"


def test_answers_about_the_known_table_are_of_methods_that_there_are() -> None:
    from method_pages import known_results  # noqa: PLC0415 - see above

    answered = known_results()
    assert answered.keys() <= load_registry(environ={}).methods.keys()
    for name, said in answered.items():
        assert ("shares" not in said) or (ROOT / "docs" / "methods" / f"{name}.svg").exists()


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415

    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-W", "--keep-going", "-b", "html", "-c", "docs"]
    done = subprocess.run(
        [*command, "-d", str(tmp_path / "trees"), ".", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for page in ("index.html", "docs/getting-started.html", "docs/methods/effect.html", "llms.txt"):
        assert (tmp_path / "site" / page).exists()
