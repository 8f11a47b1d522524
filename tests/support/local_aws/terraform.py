"""Deploys infra/terraform, from a copy of the module, so that nothing is written to the checkout."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from local_aws import trail
from local_aws.deployment import EVENT_SOURCE, Deployment
from local_aws.server import Server

PROJECT = Path(__file__).parents[3]
MODULE = PROJECT / "infra" / "terraform"


class TerraformMissingError(Exception):
    """Terraform or its AWS provider is not available on this machine; the text says which."""


def deploy(server: Server, zips: Path, architecture: str, **changed: Any) -> Deployment:
    """Deploys the module with these variables over those of the tests, and returns the deployment."""
    module = prepare(MODULE, server)
    trail.create(server)
    variables = {
        "architecture": architecture,
        "package_folder": str(zips.resolve()),
        "extra_event_sources": [EVENT_SOURCE],
        "deletion_protection": False,
        "trail_bucket": trail.BUCKET,
        "alert_email": "security@example.com",
        # The tests send more than a deployment needs in an hour.
        "hour_limit": 250,
        # The provider polls a lifecycle rule for most of a minute.
        "export_retention_days": 0,
    }
    return Deployment(
        server, {_pascal(name): value for name, value in apply(module, server, variables | changed).items()}
    )


def apply(module: Path, server: Server, variables: dict[str, Any]) -> dict[str, str]:
    """Applies a prepared module and returns its outputs."""
    (module / "terraform.tfvars.json").write_text(json.dumps(variables))
    applied = _terraform(module, server.environment, "apply", "-auto-approve")
    if applied.returncode:
        raise RuntimeError(f"terraform apply failed:\n{applied.stdout[-4000:]}{applied.stderr[-4000:]}")
    outputs = json.loads(_terraform(module, server.environment, "output", "-json").stdout)
    return {name: output["value"] for name, output in outputs.items()}


def destroy(server: Server) -> subprocess.CompletedProcess[str]:
    """Destroys a deployment as far as possible."""
    return _terraform(server.folder / MODULE.name, server.environment, "destroy", "-auto-approve")


def prepare(source: Path, server: Server) -> Path:
    """A copy of a module in the server's folder, initialised."""
    if shutil.which("terraform") is None:
        raise TerraformMissingError("terraform is not installed")
    module = server.folder / source.name
    shutil.copytree(source, module, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "examples"))
    # The registry needs the system's certificates, not the emulator's.
    reaching_out = {name: value for name, value in server.environment.items() if name != "SSL_CERT_FILE"}
    initialised = _terraform(module, reaching_out, "init")
    if initialised.returncode:
        raise TerraformMissingError(f"terraform cannot get its AWS provider: {_error(initialised.stderr)}")
    return module


def _terraform(module: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["terraform", arguments[0], *(["-input=false"] if arguments[0] != "output" else []), *arguments[1:]]
    return subprocess.run(
        [*command, "-no-color"], cwd=module, env=environment, capture_output=True, text=True, check=False
    )


def _pascal(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))


def _error(text: str) -> str:
    lines = [line.strip("╷│╵ ") for line in text.splitlines()]
    return next((line for line in lines if line.startswith("Error:")), "it does not say why")
