"""The Terraform module, applied by `terraform test` with the mocked provider of mocked.tftest.hcl."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

MODULE = Path(__file__).parents[3] / "infra" / "terraform"
MOCK = Path(__file__).with_name("mocked.tftest.hcl")


class UnavailableError(Exception):
    """Terraform or its provider is not available on this machine."""


class Deployment:
    """An applied state."""

    def __init__(self, state: dict):
        self.resources = state["root_module"]["resources"]
        self.outputs = {name: output["value"] for name, output in state["outputs"].items()}

    def of_type(self, kind: str) -> list[dict]:
        return [r["values"] for r in self.resources if r["type"] == kind and r["mode"] == "managed"]

    def only(self, kind: str) -> dict:
        (values,) = self.of_type(kind)
        return values


def deployments(folder: Path) -> dict[str, Deployment]:
    """Applies every run of the mock in a folder of its own. Returns the states by the run's name."""
    if shutil.which("terraform") is None:
        raise UnavailableError("terraform is not installed")
    shutil.copytree(MODULE, folder, ignore=shutil.ignore_patterns(".*", "*.tfstate*", "*.tfvars"), dirs_exist_ok=True)
    (folder / "tests").mkdir(exist_ok=True)
    shutil.copy(MOCK, folder / "tests")
    for name in ("ingest", "detect"):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as package:
            package.writestr("bootstrap", "")

    # Keeps the caller's variables, arguments and account out of the comparison.
    environment = {
        n: v for n, v in os.environ.items() if not n.startswith(("TF_VAR_", "TF_CLI_ARGS", "TF_DATA", "AWS_"))
    }

    def terraform(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["terraform", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
        )

    init = terraform("init", "-backend=false", "-input=false", "-no-color")
    if init.returncode != 0:
        said = (init.stderr + init.stdout).strip()
        if re.search(r"Failed to (query available|install) provider|could not connect to", said):
            raise UnavailableError(f"terraform cannot get its provider: {' '.join(said.split())[:300]}")
        raise AssertionError(f"terraform init failed:\n{said}")

    run = terraform("test", "-json", "-verbose", "-var", f"package_folder={folder}")
    messages = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    if run.returncode != 0:
        faults = [m["diagnostic"] for m in messages if m["type"] == "diagnostic"]
        messages = "\n".join(f"{fault['summary']}: {fault.get('detail', '')}" for fault in faults)
        raise AssertionError(f"terraform test failed:\n{messages or run.stderr}")
    return {m["@testrun"]: Deployment(m["test_state"]) for m in messages if m["type"] == "test_state"}
