"""registry: what plugins bring, and what an experiment asks for."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfeat.config import LoadedExperiment, load_experiment
from deepfeat.data.dataset import Dataset
from deepfeat.errors import InputError
from deepfeat.methods import Context
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.testing.linear import LinearEnsemble

WritePlugin = Callable[..., Path]
Load = Callable[..., Registry]

ONE_FUNCTION = """
    from deepfeat.methods import per_model

    @per_model("wiggle")
    def wiggle(model, data):
        "Change of the answer when a feature grows by one."
        before = model(data.x)
        return [abs(model(data.x + step) - before).mean() for step in __import__("numpy").eye(data.n_columns)]
"""

CLASSES = """
    from pydantic import Field

    from deepfeat.methods import Importance, Method, MethodParams

    class Base(Method):
        "Not a method yet: it has no explain."

    class Zebra(Base):
        "Stripes."
        name = "zebra"
        class Params(MethodParams):
            stripes: int = Field(3, ge=1, description="how many")
            colours: tuple[str, ...] = Field((), description="which")
        def explain(self, ensemble, data, context):
            raise NotImplementedError

    class Ant(Zebra):
        "Legs."
        name = "ant"

    class _Hidden(Zebra):
        name = "hidden"
"""


def method(name: str) -> str:
    return f"""
        from deepfeat.methods import per_model

        @per_model({name!r})
        def something(data):
            "Something."
            return [0.0] * data.n_features
    """


def test_a_dropped_file_of_one_function_gives_scores(
    write_plugin: WritePlugin, load: Load, ensemble: LinearEnsemble, data: Dataset, tmp_path: Path
) -> None:
    path = write_plugin("wiggle.py", ONE_FUNCTION)
    registry = load(path.parent)
    assert registry.broken == ()
    found = registry.methods["wiggle"]
    answer = found().explain(ensemble, data, Context(0, "wiggle", tmp_path))
    answer.check(len(ensemble), data.n_features)
    assert np.all(answer.scores.argmax(axis=1) == 1)  # the planted feature
    info = registry.info["wiggle"]
    assert (info.doc, info.source) == ("Change of the answer when a feature grows by one.", str(path))
    assert len(info.sha256) == 64


def test_public_concrete_classes_are_methods_and_sorted(write_plugin: WritePlugin, load: Load) -> None:
    registry = load(write_plugin("animals.py", CLASSES))
    assert list(registry.methods) == ["ant", "zebra"]
    assert registry.broken == ()


def test_imported_methods_are_not_the_importers(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin("animals.py", CLASSES)
    folder = write_plugin("zoo.py", "from deepfeat_plugins.animals import Ant, Zebra").parent
    registry = load(folder)
    assert list(registry.methods) == ["ant", "zebra"]
    assert registry.info["ant"].source.endswith("animals.py")


@pytest.mark.parametrize("decorator", ["@hookimpl", ""])
def test_a_hook_is_the_whole_answer(decorator: str, write_plugin: WritePlugin, load: Load) -> None:
    hook = f"""
    from deepfeat.methods import hookimpl

    {decorator}
    def deepfeat_methods():
        return [Ant, Ant]
    """
    registry = load(write_plugin("animals.py", CLASSES + hook))
    assert list(registry.methods) == ["ant"]
    assert registry.broken == ()


@pytest.mark.parametrize("decorator", ["@hookimpl", ""])
def test_a_misspelled_hook_is_told(decorator: str, write_plugin: WritePlugin, load: Load) -> None:
    source = f"""
        from deepfeat.methods import hookimpl

        {decorator}
        def deepfeat_method():
            return []
    """
    (broken,) = load(write_plugin("typo.py", source)).broken
    assert broken.error == "LookupError: unknown hook deepfeat_method; did you mean deepfeat_methods?"


@pytest.mark.parametrize(
    ("hook", "error"),
    [
        ("def deepfeat_methods(): raise OSError('disk')", "OSError: disk"),
        ("def deepfeat_methods(): raise SystemExit(1)", "SystemExit: 1"),
        (
            "def deepfeat_methods(): return [1]",
            "TypeError: deepfeat_methods returned 1; return subclasses of Method",
        ),
        ("def deepfeat_networks(): return [int]", "TypeError: deepfeat_networks returned <class 'int'>"),
        ("def deepfeat_methods(ensemble): return []", "PluginValidationError: "),
    ],
)
def test_a_hook_that_fails_breaks_its_plugin_alone(
    hook: str, error: str, write_plugin: WritePlugin, load: Load
) -> None:
    write_plugin("a_first.py", method("first"))
    write_plugin("bad.py", hook)
    registry = load(write_plugin("z_last.py", method("last")).parent)
    assert list(registry.methods) == ["first", "last"]
    (broken,) = registry.broken
    assert broken.name == "bad"
    assert broken.error.startswith(error)
    assert broken.traceback


def test_a_class_that_breaks_the_contract_is_left_out_alone(write_plugin: WritePlugin, load: Load) -> None:
    bad = """
    class Worm(Zebra):
        name = "Worm!"
        cost = "cheap"
    """
    registry = load(write_plugin("animals.py", CLASSES + bad))
    assert list(registry.methods) == ["ant", "zebra"]
    (broken,) = registry.broken
    assert broken.error.startswith("class Worm: its name 'Worm!' must be lower case")
    assert "; its cost 'cheap' is not one of" in broken.error


def test_a_name_that_two_plugins_claim_belongs_to_neither(write_plugin: WritePlugin, load: Load) -> None:
    first = write_plugin("a.py", method("same"))
    second = write_plugin("b.py", method("same"))
    registry = load(first.parent)
    assert registry.methods == {}
    (broken,) = registry.broken
    assert broken.source == str(second)
    assert broken.error == f"method same is also in {first}; rename one of the two"
    assert str(first) in registry.missing("same")
    assert str(second) in registry.missing("same")


def test_networks_are_found_by_definition_and_by_hook(write_plugin: WritePlugin, load: Load) -> None:
    network = """
    from deepfeat.nets.network import Network

    class Tiny(Network):
        name = "{name}"
        def build(self, inputs, shape):
            return inputs
    """
    write_plugin("a.py", network.format(name="tiny"))
    hook = "\n    def deepfeat_networks(): return (Tiny,)\n"
    write_plugin("b.py", network.format(name="smaller") + hook)
    registry = load(write_plugin("c.py", network.format(name="tiny")).parent)
    assert list(registry.networks) == ["ashraf-2021", "cnn", "default", "smaller"]
    assert "network tiny is also in" in registry.missing("tiny", "network")
    assert registry.missing("smaller", "network") == ""
    assert registry.missing("smalller", "network").startswith(
        "unknown network smalller; did you mean smaller?"
    )


def test_the_packages_own_networks_cannot_be_replaced_silently(write_plugin: WritePlugin, load: Load) -> None:
    assert {"ashraf-2021", "default"} <= set(load().networks)
    source = """
        from deepfeat.nets.network import Network

        class Mine(Network):
            name = "default"
            def build(self, inputs, shape):
                return inputs
    """
    registry = load(write_plugin("mine.py", source))
    assert "network default is also in deepfeat; rename one" in registry.missing("default", "network")


def test_shipped_methods_are_found() -> None:
    registry = load_registry(environ={})
    assert {"first_layer", "gate"} <= set(registry.methods)
    assert registry.broken == ()


@pytest.fixture
def experiment(tmp_path: Path) -> Callable[[str], LoadedExperiment]:
    def write(end: str) -> LoadedExperiment:
        path = tmp_path / "experiment.yml"
        path.write_text(f"name: t\ndata: {{path: x.csv}}\n{end}")
        return load_experiment(path, environ={})

    return write


def test_resolving_gives_classes_and_parameters(
    write_plugin: WritePlugin, load: Load, experiment: Callable[[str], LoadedExperiment]
) -> None:
    registry = load(write_plugin("animals.py", CLASSES))
    loaded = experiment("methods:\n  - zebra: {stripes: 7, colours: [black, white]}\n  - ant\n")
    (zebra, some), (ant, default) = registry.resolve(loaded.experiment.methods, loaded)
    assert (zebra, ant) == (registry.methods["zebra"], registry.methods["ant"])
    assert (some.stripes, some.colours) == (7, ("black", "white"))
    assert default == ant.Params()
    assert zebra(some).params is some


def test_every_fault_is_told_with_its_place(
    write_plugin: WritePlugin, load: Load, experiment: Callable[[str], LoadedExperiment], tmp_path: Path
) -> None:
    registry = load(write_plugin("animals.py", CLASSES))
    loaded = experiment(
        "plugins: [nowhere]\n"
        "methods:\n"
        "  - zebro\n"
        "  - zebra:\n"
        "      stripes: 0\n"
        "      stripe: 4\n"
        "  - ant: {stripes: many}\n"
    )
    with pytest.raises(InputError) as caught:
        registry.resolve(loaded.experiment.methods, loaded)
    place = tmp_path / "experiment.yml"
    assert str(caught.value).splitlines() == [
        f"{place}:3:11: plugins.0: there is no nowhere; correct the path, or remove it",
        f"{place}:5:5: methods.0: unknown method zebro; did you mean zebra?",
        f"{place}:7:7: methods.zebra.stripes: must be at least 1, found 0",
        f"{place}:8:7: methods.zebra.stripe: unknown key; did you mean stripes?",
        f"{place}:9:11: methods.ant.stripes: expected a whole number, found 'many'; write one such as 10",
    ]


def test_a_broken_plugin_is_fatal_only_if_asked_for(
    write_plugin: WritePlugin, load: Load, experiment: Callable[[str], LoadedExperiment]
) -> None:
    write_plugin("animals.py", CLASSES)
    broken = write_plugin("dodo.py", "raise RuntimeError('extinct')")
    lacking = write_plugin("emu.py", "import wings")
    registry = load(broken.parent)
    fine = experiment("methods: [ant]\n")
    assert len(registry.resolve(fine.experiment.methods, fine)) == 1
    no_wings = f"{lacking}: ModuleNotFoundError: No module named 'wings'"
    dead = f"{broken}: RuntimeError: extinct"
    for asked, message in [
        ("dodo", f"method dodo cannot be used: {dead}; mend or remove that plugin"),
        ("emu", f"method emu cannot be used: {no_wings}; install wings, or remove that plugin"),
        (
            "bird",
            f"unknown method bird; use one of: ant, zebra (plugins that cannot be used: {dead}; {no_wings})",
        ),
    ]:
        loaded = experiment(f"methods: [{asked}]\n")
        with pytest.raises(InputError) as caught:
            registry.resolve(loaded.experiment.methods, loaded)
        assert str(caught.value).endswith(f"methods.0: {message}")


def test_a_broken_file_is_not_replaced_by_another_of_its_name(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin("gate.py", method("gate"), "one")
    write_plugin("gate.py", method("gate"), "two")
    one = write_plugin("x.py", "", "one")
    two = write_plugin("x.py", "", "two")
    registry = load(one.parent, two.parent)
    assert "gate" in registry.methods
    assert "has the same name; rename one of the two files" in registry.missing("gate")
