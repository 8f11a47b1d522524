"""`make demo`: an attack, from the failed sign-ins to the mail, on this machine alone.

Deploys the project's own infrastructure code with the real functions to a local AWS. Uploads a sign-in export, sends a
console login, and shows the mail and the records. ENTRA=path and CLOUDTRAIL=path replace the sample by a person's own
files.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from demo import files, sample, show
from local_aws import sam, server, terraform
from local_aws.deployment import ARCHITECTURE, ZIPS, Deployment
from local_aws.waiting import NothingHappenedError


class DemoError(Exception):
    """The demo cannot continue; the text has the remedy."""


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Prints a step, and its seconds when it ends."""
    print(f"  {what} ... ", end="", flush=True)
    begun = time.monotonic()
    yield
    print(f"done, {time.monotonic() - begun:.1f} s", flush=True)


def main() -> int:
    how = os.environ.get("DEPLOY", "sam")
    own = os.environ.get("ENTRA"), os.environ.get("CLOUDTRAIL")
    try:
        check(how, own)
        export, logins = files.read(*own) if all(own) else sample.facts()
        print(f"\nA local AWS, with the functions deployed by infra/{how}. Nothing leaves this machine.\n")
        with contextlib.ExitStack() as until_the_end:
            with step("starting the emulator"):
                emulator = until_the_end.enter_context(server.running())
            with step(f"deploying infra/{how}{' (about a minute)' if how == 'terraform' else ''}"):
                deployed = (sam if how == "sam" else terraform).deploy(emulator, ZIPS, ARCHITECTURE)
            shown = play(deployed, export, logins)
        return 0 if shown or all(own) else 1
    except KeyboardInterrupt:
        print("\ninterrupted; everything that was started has been ended")
        return 130
    except (
        DemoError,
        files.UnusableFileError,
        sam.DeploymentError,
        server.EmulatorError,
        terraform.TerraformMissingError,
        NothingHappenedError,
    ) as error:
        print(f"\n\nThe demo cannot go on: {error}", file=sys.stderr)
        return 1


def check(how: str, own: tuple[str | None, str | None]) -> None:
    """Checks the requirements before anything starts."""
    if how not in ("sam", "terraform"):
        raise DemoError(f"DEPLOY is {how!r}; it must be sam or terraform")
    if any(own) and not all(own):
        raise DemoError("ENTRA and CLOUDTRAIL belong together: a sign-in export, and a file of console logins")
    for function in ("ingest", "detect"):
        if not (ZIPS / f"{function}.zip").is_file():
            raise DemoError("the functions are not built; `make demo` builds them")


def play(deployed: Deployment, export: sample.Export, logins: list[dict]) -> bool:
    """Sends the facts to the deployment and prints the results. Returns whether there was a mail."""
    with step(f"uploading the sign-in export {export.key}"):
        ingested = deployed.upload(export.key, export.body)
    show.ingested(ingested, deployed)
    detected = []
    with step(f"sending {len(logins)} CloudTrail record{'' if len(logins) == 1 else 's'}"):
        for login in logins:
            detected.append(deployed.log_in(login))
    show.detected(detected)

    addresses = sorted({login.get("sourceIPAddress", "") for login in logins})
    mails = deployed.all_mails()
    for mail in mails:
        show.mail(mail)
    if not mails:
        show.nothing_found(ingested, detected)
    for address in {mail.attributes["address"] for mail in mails} or set(addresses[:1]):
        show.evidence(address, deployed)
    return bool(mails)


if __name__ == "__main__":
    sys.exit(main())
