"""The emulator with a mailbox: a file that gets what mail subscriptions receive, which ministack drops.

Run as `python -m local_aws.emulator` with `MAILBOX` set to the file. Each line is SNS's envelope of a message.
"""

import os
import runpy
from pathlib import Path

from ministack.services import sns

MAILBOX = "MAILBOX"
"""The environment variable that names the file."""


def deliver_mail(mailbox: Path) -> None:
    """Lets ministack write the message of each mail subscription to `mailbox`.

    For each subscription ministack first resolves the form of the message and then builds its envelope.
    """
    resolve, build = sns._resolve_message_for_protocol, sns._build_envelope
    protocols = []

    def resolve_and_note(message: str, structure: str, protocol: str) -> str:
        protocols[:] = [protocol]
        return resolve(message, structure, protocol)

    def build_and_deliver(*arguments, **named) -> str:
        envelope = build(*arguments, **named)
        if protocols == ["email"]:
            with mailbox.open("a") as lines:
                lines.write(envelope + "\n")
        return envelope

    sns._resolve_message_for_protocol, sns._build_envelope = resolve_and_note, build_and_deliver


if __name__ == "__main__":
    deliver_mail(Path(os.environ[MAILBOX]))
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
