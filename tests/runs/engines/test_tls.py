"""Certificates: who has one of the same authority is let in, and nobody else; nothing goes in the clear."""

import asyncio
import io
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import Client
from distributed.comm import connect
from distributed.security import Security

from deepfeat.config.engine import DaskConfig
from deepfeat.errors import InputError
from deepfeat.runs.console import RunConsole
from deepfeat.runs.engines.cluster import scheduler_at, security, started

ROOT = Path(__file__).parents[3]


def certificates(folder: Path) -> dict[str, str]:
    """An authority, and a certificate that it has signed."""
    folder.mkdir()
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority of {folder.name}")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "deepfeat")])
    written = {}
    for name, about, own, is_authority in (
        ("ca", issuer, authority_key, True),
        ("certificate", subject, key, False),
    ):
        made = (
            x509.CertificateBuilder()
            .subject_name(about)
            .issuer_name(issuer)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
            .not_valid_after(datetime.now(UTC) + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(authority_key, hashes.SHA256())
        )
        written[name] = folder / f"{name}.pem"
        written[name].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    written["key"] = folder / "key.pem"
    written["key"].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return {name: str(path) for name, path in written.items()}


@pytest.fixture
def ours(tmp_path: Path) -> dict[str, str]:
    return certificates(tmp_path / "ours")


def config(tls: dict[str, str] | None, file: Path, listen: str | None = "127.0.0.1") -> DaskConfig:
    told = {"listen": listen, "workers": 0 if listen else 1, "tls": tls, "scheduler_file": str(file)}
    return DaskConfig.model_validate({key: value for key, value in told.items() if value is not None})


def refused(address: str, safe: Security | None) -> None:
    given = {} if safe is None else safe.get_connection_args("client")

    async def knock() -> None:
        comm = await connect(address, timeout=2, **given)
        await comm.write({"op": "identity", "reply": True})
        await comm.read()

    with pytest.raises((OSError, TypeError, ValueError, RuntimeError)):
        asyncio.run(knock())


def test_only_who_has_a_certificate_of_the_same_authority_is_let_in(
    tmp_path: Path, ours: dict[str, str]
) -> None:
    theirs = certificates(tmp_path / "theirs")
    settings = config(ours, tmp_path / "scheduler.json")
    said = io.StringIO()
    with started(settings, tmp_path, RunConsole(said)):
        address = scheduler_at(tmp_path / "scheduler.json")
        assert address is not None
        assert address.startswith("tls://127.0.0.1:")
        with Client(address, security=security(settings.tls), timeout=10, set_as_default=False) as client:
            assert client.run_on_scheduler(os.getpid) == os.getpid()
        refused(address, None)
        refused(address.replace("tls://", "tcp://"), None)
        refused(address, security(config(theirs, tmp_path / "s").tls))
    assert "can run programs as you" not in said.getvalue()
    assert not (tmp_path / "scheduler.json").exists()


def test_without_certificates_others_are_kept_out_of_the_workers_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # it is the scheduler who keeps others out, and a worker takes ten seconds to start
    monkeypatch.setattr("deepfeat.runs.engines.cluster.workers_here", lambda _: 0)
    settings = DaskConfig.model_validate({"workers": 1})
    with started(settings, tmp_path, RunConsole(io.StringIO())) as client:
        address = client.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        refused(address, None)
        refused(address.replace("tls://", "tcp://"), None)


@pytest.mark.slow
@pytest.mark.parametrize("listen", ["::1", "[::1]:0"])
def test_it_listens_at_an_address_of_ipv6(tmp_path: Path, listen: str) -> None:
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6 here")
    file = tmp_path / "scheduler.json"
    with started(config(None, file, listen), tmp_path, RunConsole(io.StringIO())):
        assert str(scheduler_at(file)).startswith("tcp://[::1]:")


def test_where_this_machine_cannot_listen_is_told(tmp_path: Path) -> None:
    settings = config(None, tmp_path / "scheduler.json", "name.invalid:8786")  # no machine is called so
    with (
        pytest.raises(
            InputError, match=r"engine\.dask\.listen: cannot listen at name\.invalid:8786: .+; name"
        ),
        started(settings, tmp_path, RunConsole(io.StringIO())),
    ):
        pass


def test_who_listens_without_certificates_is_told(tmp_path: Path) -> None:
    said = io.StringIO()
    with started(config(None, tmp_path / "scheduler.json"), tmp_path, RunConsole(said)):
        pass
    assert "whoever can connect to 127.0.0.1 can run programs as you" in " ".join(said.getvalue().split())


@pytest.mark.slow
def test_a_worker_with_a_certificate_works(tmp_path: Path, ours: dict[str, str]) -> None:
    settings = config(ours, tmp_path / "scheduler.json")
    with started(settings, tmp_path, RunConsole(io.StringIO())) as client:
        options = [f"--tls-{name}={path}" for name, path in ours.items()]
        command = [sys.executable, "-m", "deepfeat", "worker", "--processes", "1", *options]
        worker = subprocess.Popen(
            [*command, "--scheduler-file", str(tmp_path / "scheduler.json")],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        pid = client.submit(os.getpid, pure=False).result(timeout=300)
        assert pid not in (os.getpid(), worker.pid)
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 75, said
    assert "no run was worked for" in said
