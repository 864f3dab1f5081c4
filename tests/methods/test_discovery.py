"""discovery: finding plugins and loading each on its own."""

import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.methods.discovery import discover, load_file
from deepfeat.methods.plugin import BrokenPlugin, Plugin

WritePlugin = Callable[..., Path]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "shipped").mkdir()
    return {"DEEPFEAT_SHIPPED_PLUGINS": str(tmp_path / "shipped")}


def names(found: list[Plugin | BrokenPlugin]) -> list[str]:
    return [plugin.name for plugin in found]


def test_a_file_becomes_a_module_of_its_own(write_plugin: WritePlugin) -> None:
    path = write_plugin("mine.py", '__version__ = "1.2"\nX = 41 + 1\n')
    plugin = load_file(path)
    assert isinstance(plugin, Plugin)
    assert (plugin.name, plugin.source, plugin.version) == ("mine", str(path), "1.2")
    assert plugin.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert plugin.module.X == 42
    assert plugin.module.__name__ == "deepfeat_plugins.mine"
    assert plugin.module.__file__ == str(path)
    assert sys.modules["deepfeat_plugins.mine"] is plugin.module


def test_loading_leaves_no_trace_but_the_module(write_plugin: WritePlugin) -> None:
    before = list(sys.path)
    path = write_plugin("mine.py", "X = 1")
    load_file(path)
    assert sys.path == before
    assert list(path.parent.iterdir()) == [path]


def test_a_plugin_named_like_a_library_does_not_shadow_it(write_plugin: WritePlugin) -> None:
    plugin = load_file(write_plugin("json.py", "import json\nTEXT = json.dumps([1])"))
    assert plugin.module.TEXT == "[1]"
    assert sys.modules["json"].__name__ == "json"


def test_an_edit_is_seen_at_once(write_plugin: WritePlugin) -> None:
    path = write_plugin("mine.py", "X = 1")
    stamp = path.stat().st_mtime_ns
    assert load_file(path).module.X == 1
    path.write_text("X = 2")
    os.utime(path, ns=(stamp, stamp))  # same size, same time: cached bytecode would be taken for fresh
    assert load_file(path).module.X == 2


def test_dataclasses_and_pickle_work_in_a_plugin(write_plugin: WritePlugin) -> None:
    source = """
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Point:
            x: int
    """
    point = load_file(write_plugin("points.py", source)).module.Point(3)
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def f(:\n", "SyntaxError: "),
        ("import a_library_that_is_not_there\n", "ModuleNotFoundError: No module named 'a_library_that"),
        ("raise ValueError('first line\\nsecond line')\n", "ValueError: first line"),
        ("raise KeyError\n", "KeyError"),
        ("import sys; sys.exit(3)\n", "SystemExit: 3"),
        ("\0", "SyntaxError: "),
        (b"# \xff\xfe\nX = '\xff'", "SyntaxError: "),
    ],
)
def test_a_broken_file_is_told_and_forgotten(source: str | bytes, error: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    found = load_file(path)
    assert isinstance(found, BrokenPlugin)
    assert (found.name, found.source) == ("bad", str(path))
    # Until Python 3.11.3 a NUL byte in a source was a ValueError.
    if error == "SyntaxError: " and "null bytes" in found.error:
        error = found.error[: found.error.index(": ") + 2]
    assert found.error.startswith(error)
    assert "\n" not in found.error
    assert "Traceback" in found.traceback
    assert "deepfeat_plugins.bad" not in sys.modules


def test_ctrl_c_is_not_swallowed(write_plugin: WritePlugin) -> None:
    with pytest.raises(KeyboardInterrupt):
        load_file(write_plugin("slow.py", "raise KeyboardInterrupt"))


def test_order_is_shipped_experiment_environment_and_sorted_within(
    write_plugin: WritePlugin, environ: dict[str, str], tmp_path: Path
) -> None:
    for name, folder in [
        ("z.py", "shipped"),
        ("b.py", "one"),
        ("a.py", "one"),
        ("c.py", "two"),
        ("d.py", "three"),
    ]:
        write_plugin(name, "", folder)
    environ["DEEPFEAT_PLUGINS"] = os.pathsep.join([str(tmp_path / "three"), "", str(tmp_path / "two")])
    found = discover([tmp_path / "one"], environ)
    assert names(found)[:5] == ["z", "a", "b", "d", "c"]


def test_the_environment_may_name_a_directory_at_home(
    write_plugin: WritePlugin, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_plugin("mine.py", "", "one")
    environ["DEEPFEAT_PLUGINS"] = "~/one"
    assert names(discover([], environ)) == ["mine"]


def test_only_python_files_without_underscore_are_plugins(
    write_plugin: WritePlugin, environ: dict[str, str], tmp_path: Path
) -> None:
    for name in ["_helper.py", "__init__.py", "notes.txt", "mine.py", "mine.pyc"]:
        write_plugin(name, "", "one")
    (tmp_path / "one" / "folder").mkdir()
    assert names(discover([tmp_path / "one"], environ)) == ["mine"]


def test_a_file_can_be_named_by_itself_and_is_loaded_once(
    write_plugin: WritePlugin, environ: dict[str, str], tmp_path: Path
) -> None:
    path = write_plugin("mine.py", "", "one")
    environ["DEEPFEAT_PLUGINS"] = str(tmp_path / "one" / ".." / "one")
    assert names(discover([path, tmp_path / "one"], environ)) == ["mine"]


def test_a_missing_place_is_broken(environ: dict[str, str], tmp_path: Path) -> None:
    (found,) = discover([tmp_path / "nowhere"], environ)
    assert isinstance(found, BrokenPlugin)
    assert found.error == "there is no such file or directory"


def test_two_files_of_one_name_do_not_replace_each_other(
    write_plugin: WritePlugin, environ: dict[str, str], tmp_path: Path
) -> None:
    first, second = write_plugin("mine.py", "X = 1", "one"), write_plugin("mine.py", "X = 2", "two")
    loaded, refused = discover([tmp_path / "one", tmp_path / "two"], environ)
    assert isinstance(loaded, Plugin)
    assert loaded.module.X == 1
    assert isinstance(refused, BrokenPlugin)
    assert refused.source == str(second)
    assert refused.error == f"{first} has the same name; rename one of the two files"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Installs a distribution with one module and one entry point, as pip does."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def put(name: str, source: str) -> Path:
        module = name.replace("-", "_")
        info = site / f"{module}-2.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
        (info / "entry_points.txt").write_text(f"[deepfeat.v1]\n{module} = {module}\n")
        (site / f"{module}.py").write_text(source)
        monkeypatch.delitem(sys.modules, module, raising=False)
        return site / f"{module}.py"

    return put


def test_installed_distributions_are_found(
    install: Callable[[str, str], Path], environ: dict[str, str]
) -> None:
    path = install("deepfeat-zebra", "X = 3")
    install("deepfeat-ant", "raise RuntimeError('no licence')")
    broken, plugin = (
        found for found in discover([], environ) if found.source in {"deepfeat-ant", "deepfeat-zebra"}
    )
    assert isinstance(plugin, Plugin)
    assert (plugin.name, plugin.source, plugin.version) == ("deepfeat_zebra", "deepfeat-zebra", "2.5")
    assert plugin.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert plugin.module.X == 3
    assert isinstance(broken, BrokenPlugin)
    assert (broken.name, broken.error) == ("deepfeat_ant", "RuntimeError: no licence")


def test_the_shipped_directory_is_beside_the_package() -> None:
    assert {"gate", "first_layer"} <= set(names(discover([], {})))
