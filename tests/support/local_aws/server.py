"""The emulator: ministack, one for each caller, on a free port of the loopback interface.

It speaks TLS because the bucket's policy refuses anything else, and enforces IAM because least privilege is a promise.
"""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import trustme

REGION = "us-east-1"
READY_WITHIN_SECONDS = 120
ENDED_WITHIN_SECONDS = 10
TRIES = 5


class EmulatorError(Exception):
    """The emulator does not run; the text has its log."""


class PortTakenError(EmulatorError):
    """Another process has taken the port."""


@dataclass(frozen=True)
class Server:
    """A running emulator."""

    endpoint: str
    environment: dict[str, str]
    """The environment of a program that calls it: an SDK, the AWS CLI, Terraform."""
    folder: Path
    """A temporary folder that lives as long as the server."""

    def client(self, service: str, region: str = REGION, account: str | None = None):
        """A boto3 client for it. The emulator interprets an access key of twelve digits as an account id."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            verify=self.environment["AWS_CA_BUNDLE"],
            aws_access_key_id=account or self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def work(self) -> int:
        """Processor time that the functions have used, in ticks; 0 where there is no /proc."""
        ticks = 0
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "exe").readlink().is_relative_to(self.folder):
                    user, system = (process / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
                    ticks += int(user) + int(system)
        return ticks


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Starts an emulator, and ends it in any case."""
    with tempfile.TemporaryDirectory(prefix="pivotwatch-") as folder:
        server, process = _start(Path(folder))
        try:
            yield server
        finally:
            _end(process)


def _start(folder: Path) -> tuple[Server, subprocess.Popen]:
    """Starts an emulator on a free port, or on another one if that port is taken meanwhile."""
    for more_tries in reversed(range(TRIES)):
        server = _describe(folder)
        log = folder / "emulator.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("emulator.py"))],
                env=server.environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A process group of its own, so that Ctrl-C reaches this process first, which ends the emulator in
                # order.
                start_new_session=True,
            )
        try:
            _wait_until_ready(server, process, log)
        except PortTakenError:
            _end(process)
            if not more_tries:
                raise
        except BaseException:
            _end(process)
            raise
        else:
            return server, process
    raise AssertionError("the last try returns or raises")


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(ENDED_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _describe(folder: Path) -> Server:
    port = _free_port()
    endpoint = f"https://127.0.0.1:{port}"
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    trusted, certificate_file, key_file = folder / "trusted.pem", folder / "certificate.pem", folder / "key.pem"
    authority.cert_pem.write_to_path(str(trusted))
    certificate.cert_chain_pems[0].write_to_path(str(certificate_file))
    certificate.private_key_pem.write_to_path(str(key_file))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PIVOTWATCH_"))}
    environment |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CA_BUNDLE": str(trusted),
        "SSL_CERT_FILE": str(trusted),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate_file),
        "MINISTACK_SSL_KEY": str(key_file),
        # The binaries run as plain processes against the real Runtime API; no Docker.
        "LAMBDA_EXECUTOR": "local",
        "AUTH": "true",
        # Lambda sets it for functions whose log format is JSON; the emulator does not.
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        # Lambda waits a minute before it retries; the tests do not.
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    return Server(endpoint, environment, folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(server: Server, process: subprocess.Popen, log: Path) -> None:
    context = ssl.create_default_context(cafile=server.environment["AWS_CA_BUNDLE"])
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{server.endpoint}/_ministack/health", context=context, timeout=2).close()
            return
        time.sleep(0.05)
    end_of_log = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    # The emulator checks the port before it listens, so either step can fail.
    fault = PortTakenError if "already in use" in end_of_log else EmulatorError
    raise fault(f"the emulator did not start; the end of its log:\n{end_of_log}")
