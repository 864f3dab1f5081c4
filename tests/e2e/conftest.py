"""A real Docker engine, and a user without any privilege who types commands in a checkout."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Typed = Callable[..., subprocess.CompletedProcess[str]]

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = REPOSITORY.parent / "shared" / "e2e"
NOT_IN_A_CLONE = (".git", ".venv", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", "ExpOutput")
OWNER = 12345  # neither root, nor the image's own user, nor in any password file


@pytest.fixture(scope="session")
def engine() -> Iterator[dict[str, str]]:
    """The variables that lead to a running engine; it is stopped afterwards unless it ran before."""
    if not (SCRIPTS / "docker-up").exists():
        pytest.skip(f"there is no {SCRIPTS / 'docker-up'} to start a Docker engine with")
    if os.geteuid() != 0:
        pytest.skip("a Docker engine cannot be started without root")
    directory = Path(tempfile.gettempdir(), "docker-e2e")
    ran_before = (directory / "dockerd.pid").exists()
    command = [SCRIPTS / "docker-up", directory]
    exports = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=600, check=True).stdout
    yield dict(word.split("=", 1) for word in shlex.split(exports) if "=" in word)
    if not ran_before:
        subprocess.run([SCRIPTS / "docker-down", directory], timeout=60, check=True)


@pytest.fixture(scope="session")
def home(engine: dict[str, str]) -> Iterator[Path]:
    """The user's home; pytest's own temporary directories are closed to other users."""
    home = Path(tempfile.mkdtemp(prefix="deepfeat-e2e-"))
    home.chmod(0o755)
    (home / ".docker").mkdir()
    (home / ".docker" / "cli-plugins").symlink_to(Path(engine["DOCKER_CONFIG"], "cli-plugins"))
    host_network = "services: {experiment: {build: {network: host}}, tests: {build: {network: host}}}\n"
    (home / "override.yml").write_text(host_network, encoding="utf-8")
    _chown(home)
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def typed(engine: dict[str, str], home: Path) -> Typed:
    """`typed(*command, cwd=..., NAME=...)`: runs a command as the user, with these variables set."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "DOCKER_HOST": engine["DOCKER_HOST"]}
    group = Path(engine["DOCKER_HOST"].removeprefix("unix://")).stat().st_gid  # may talk to the engine

    def run(*command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=cwd,
            env={**environment, **variables},
            user=OWNER,
            group=OWNER,
            extra_groups=[group],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def compose_in(home: Path, typed: Typed) -> Typed:
    """`docker compose` in any directory; what the engine under test needs for a build is added."""
    files = ("-f", "docker-compose.yml", "-f", str(home / "override.yml"))
    return lambda *arguments, **named: typed("docker", "compose", *files, *arguments, **named)


@pytest.fixture(scope="session")
def images(home: Path, compose_in: Typed) -> None:
    """Both images, built as a user builds them."""
    built = compose_in("build", cwd=_check_out(home))
    assert built.returncode == 0, built.stderr[-5000:]


@pytest.fixture
def checkout(home: Path) -> Path:
    """A fresh checkout for one test, the user's own."""
    return _check_out(home)


@pytest.fixture
def compose(compose_in: Typed, checkout: Path) -> Typed:
    """`compose(*arguments, NAME=...)`: `docker compose ARGUMENTS`, typed by the user in the checkout."""
    return lambda *arguments, **variables: compose_in(*arguments, cwd=checkout, **variables)


@pytest.fixture
def write(checkout: Path) -> Callable[[str, str], None]:
    """`write(name, text)`: puts a file of the user's into the checkout."""

    def write(name: str, text: str) -> None:
        (checkout / name).write_text(text, encoding="utf-8")
        os.chown(checkout / name, OWNER, OWNER)

    return write


@pytest.fixture(scope="session")
def me() -> dict[str, str]:
    """The variables by which the user tells Compose who he is; few shells export them."""
    return {"UID": str(OWNER), "GID": str(OWNER)}


def _check_out(home: Path) -> Path:
    path = Path(tempfile.mkdtemp(prefix="checkout-", dir=home))
    shutil.copytree(REPOSITORY, path, ignore=shutil.ignore_patterns(*NOT_IN_A_CLONE), dirs_exist_ok=True)
    (path / "ExpOutput").mkdir()
    _chown(path)
    return path


def _chown(top: Path) -> None:
    for path in [top, *top.rglob("*")]:
        os.chown(path, OWNER, OWNER, follow_symlinks=False)
