"""Runs commands as people type them, in bash and with the AWS CLI, against the emulator."""

import subprocess
import sys
import tempfile
from pathlib import Path

from local_aws.server import Server

PROJECT = Path(__file__).parents[3]
TOOLS = Path(sys.executable).parent
LONGEST_SECONDS = 300


def run(
    server: Server,
    commands: str,
    *,
    folder: Path | None = None,
    answers: dict[str, str] | None = None,
    account: str | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Runs commands with bash in `folder`, by default the project's.

    `answers` are commands to run instead of calls of the AWS CLI, by the beginning of the call's arguments. `account`
    is the account of the credentials, by default that of the deployment. `variables` join the environment.
    """
    folder_of_aws = _aws(server, answers or {})
    environment = server.environment | variables | {"LC_ALL": "C.UTF-8"}
    environment["PATH"] = f"{folder_of_aws}:{TOOLS}:{server.environment['PATH']}"
    if account:
        # The emulator interprets an access key of twelve digits as an account id.
        environment["AWS_ACCESS_KEY_ID"] = account
    return subprocess.run(
        ["bash", "-c", commands],
        cwd=folder or PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def _aws(server: Server, answers: dict[str, str]) -> Path:
    """A folder with an `aws` that gives these answers and passes every other call to the real one."""
    folder = Path(tempfile.mkdtemp(dir=server.folder))
    cases = "\n".join(f'"{beginning}"*) {command}; exit ;;' for beginning, command in answers.items())
    program = folder / "aws"
    program.write_text(
        f"""#!/usr/bin/env bash
case "$*" in
{cases}
# Version 1 of the AWS CLI takes no endpoint of SQS from the environment.
"sqs "*) set -- "$@" --endpoint-url "$AWS_ENDPOINT_URL" ;;
esac
exec "{TOOLS / "aws"}" "$@"
"""
    )
    program.chmod(0o755)
    return folder
