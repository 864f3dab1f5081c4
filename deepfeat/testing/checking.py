"""The conformance kit without a test framework: what `deepfeat methods check` does."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from deepfeat.errors import ExitCode, InputError, Problem
from deepfeat.methods.method import Method
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.testing.conformance import CHECKS, CheckResult, EnsembleFactory, run_check

_SHOWN = {"passed": "passed", "failed": "FAILED", "exempt": "expected failure"}


def methods_to_check(
    target: str, plugins: Iterable[Path] = (), environ: Mapping[str, str] = os.environ
) -> list[type[Method]]:
    """The methods that a name or a plugin file stands for.

    Args:
        target: name of a method, or path of a plugin file.
        plugins: more files or directories to look for the name in.
        environ: environment variables, which may name more of them.

    Raises:
        InputError: there is no such method or file, the file cannot be loaded, or it defines no method.
    """
    path = Path(target)
    if path.suffix != ".py":
        registry = load_registry(plugins, environ=environ)
        if problem := registry.missing(target):
            raise InputError(Problem("command line", 0, 0, problem))
        return [registry.methods[target]]
    if not path.is_file():
        raise InputError(Problem("command line", 0, 0, f"there is no file {target}"))
    registry = load_registry([*plugins, path], environ=environ)
    broken = [plugin for plugin in registry.broken if _is_same(plugin.source, path)]
    if broken:
        raise InputError(Problem(target, 0, 0, f"{plugin.error}; mend it") for plugin in broken)
    found = [method for name, method in registry.methods.items() if _comes_from(registry, name, path)]
    if not found:
        advice = "define a subclass of Method, or a function decorated with @per_model"
        raise InputError(Problem(target, 0, 0, f"it defines no method; {advice}"))
    return found


def check_method(method: type[Method], make: EnsembleFactory, say: Callable[[str], None]) -> ExitCode:
    """Runs every check and says how each went, as soon as it is known.

    Args:
        method: the method class.
        make: trains the ensembles that it is asked about.
        say: takes one line at a time.

    Returns:
        PARTIAL if a check failed that is not an expected failure, else COMPLETE.
    """
    failed = 0
    for check in CHECKS:
        result = run_check(check, method, make)
        failed += result.outcome == "failed"
        say(_line(result))
    say(f"{method.name}: {failed} of {len(CHECKS)} checks failed" if failed else f"{method.name}: conforms")
    return ExitCode.PARTIAL if failed else ExitCode.COMPLETE


def _line(result: CheckResult) -> str:
    line = f"  {result.check.replace('_', ' '):<32}{_SHOWN[result.outcome]}"
    # An error of a library may run over many lines; its beginning and end say most.
    return f"{line}: {_shorten(result.reason)}" if result.reason else line


def _shorten(reason: str, longest: int = 300) -> str:
    """A reason in one line, without its middle where it is long."""
    words = " ".join(reason.split())
    half = longest // 2
    return words if len(words) <= longest else f"{words[:half]} ... {words[-half:]}"


def _comes_from(registry: Registry, name: str, path: Path) -> bool:
    return _is_same(registry.info[name].source, path)


def _is_same(source: str, path: Path) -> bool:
    """Whether a source (a file, or the name of a distribution) is this file."""
    return Path(source).resolve() == path.resolve()
