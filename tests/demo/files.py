"""A person's own files: a sign-in export as it is, and console logins in any form of CloudTrail."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.sample import Export


class UnusableFileError(Exception):
    """A file is unusable; the text has the reason."""


def read(export: str, cloudtrail: str) -> tuple[Export, list[dict]]:
    """The export's bytes, and the CloudTrail records of the other file that EventBridge would send to detect."""
    records = list(_records(_bytes(cloudtrail), cloudtrail))
    if not records:
        raise UnusableFileError(f"{cloudtrail} has no CloudTrail record in it")
    logins = [record for record in records if str(record["eventName"]).lower() == "consolelogin"]
    if len(logins) < len(records):
        print(
            f"\n{len(records) - len(logins)} of {len(records)} records are no ConsoleLogin; EventBridge holds them back"
        )
    return Export(f"own/{Path(export).name}", _bytes(export)), logins


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UnusableFileError(f"{path} cannot be read: {error.strerror}") from error


def _records(body: bytes, path: str) -> Iterator[dict]:
    """The records of a CloudTrail log file, of EventBridge events, or bare records; one or many, compressed or not."""
    try:
        if body.startswith(b"\x1f\x8b"):
            body = gzip.decompress(body)
        text = body.decode("utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UnusableFileError(f"{path} is damaged: {error}") from error
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError as error:
            raise UnusableFileError(f"{path} is not JSON at character {position}: {error}") from error
        yield from _unwrapped(value)


def _unwrapped(value: Any) -> Iterator[dict]:
    if isinstance(value, list):
        for element in value:
            yield from _unwrapped(element)
    elif isinstance(value, dict):
        if "eventName" in value:
            yield value
        else:
            for wrapping in ("Records", "detail"):
                yield from _unwrapped(value.get(wrapping))
