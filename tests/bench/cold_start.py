"""Measures how long a function takes from its execution to its first request for an event, against a bare one.

This is the program's own part of a cold start: Lambda executes the program and waits until it
asks the Runtime API for work (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). The programs alternate,
so that other load affects all of them alike. Only ratios within one run are meaningful.

A program with AWS clients first reads the system's certificates, which takes most of its time. Each program is measured
with them and with a single certificate in their place.
"""

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trustme

ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_REGION": "eu-north-1",
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "any",
    "PIVOTWATCH_TABLE": "evidence",
    "PIVOTWATCH_TOPIC_ARN": "arn:aws:sns:eu-north-1:111122223333:incidents",
}
ASKS_WITHIN_SECONDS = 10


def seconds_to_first_poll(program: Path, environment: dict[str, str]) -> float:
    """Executes the program and waits for its first request for an event. Returns the seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(ASKS_WITHIN_SECONDS)
        host, port = server.getsockname()
        environment = environment | {"AWS_LAMBDA_RUNTIME_API": f"{host}:{port}"}
        begun = time.perf_counter()
        process = subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            connection, _ = server.accept()
            with connection:
                request = connection.recv(4096)
                elapsed = time.perf_counter() - begun
        except TimeoutError:
            sys.exit(f"{program} did not ask for an event within {ASKS_WITHIN_SECONDS} s")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    if b"/runtime/invocation/next" not in request:
        sys.exit(f"{program} sent another request: {request[:100]!r}")
    return elapsed


def one_certificate(folder: str) -> str:
    path = Path(folder) / "one.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return str(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binaries", type=Path, required=True, help="folder of the release binaries")
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    hello = arguments.binaries / "examples" / "hello_world"
    programs = {"bare hello world": hello} | {name: arguments.binaries / name for name in ("ingest", "detect")}

    with tempfile.TemporaryDirectory() as folder:
        stores = {"system's trust store": {}, "one certificate": {"SSL_CERT_FILE": one_certificate(folder)}}
        times = {(program, store): [] for program in programs for store in stores}
        for _ in range(arguments.rounds + 1):
            for (program, store), measured in times.items():
                environment = {"PATH": os.environ.get("PATH", "")} | ENVIRONMENT | stores[store]
                measured.append(seconds_to_first_poll(programs[program], environment))

    print(f"exec to first poll, {arguments.rounds} interleaved rounds after one that is not counted\n")
    print("| program | size, MiB | trust store | min, ms | median, ms | times the bare one |")
    print("|---|---|---|---|---|---|")
    for (program, store), measured in times.items():
        # Compare within a round: load slows all programs of a round alike.
        ratios = [one / bare for one, bare in zip(measured, times["bare hello world", store], strict=True)][1:]
        counted = [1000 * one for one in measured[1:]]
        size = programs[program].stat().st_size / 2**20
        print(
            f"| {program} | {size:.1f} | {store} | {min(counted):.2f} | {statistics.median(counted):.2f} "
            f"| {statistics.median(ratios):.2f} |"
        )


if __name__ == "__main__":
    main()
