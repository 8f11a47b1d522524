"""Writes a world to files."""

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

from local_aws import exports
from oracle.entry import Entry
from oracle.generate import RECORD_FORMS
from oracle.world import Copy, Record, SignIn, World


def write(world: World, folder: Path) -> None:
    """Writes the files of `world` below `folder`, sign-in exports and CloudTrail records in folders of their own."""
    for number, file in enumerate(world.files):
        facts = world.records if file.form in RECORD_FORMS else world.sign_ins
        texts = [_text(fact, copy) for fact in facts for copy in fact.copies if copy.file == number]
        if texts:
            content = "\n".join(texts) if file.form not in _WRAPPED else _WRAPPED[file.form](texts)
            path = folder / path_of(world, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(content.encode(), mtime=0) if file.packed else content.encode())


def write_entries(entries: Sequence[Entry], path: Path) -> None:
    """Writes tuning entries in a random order, as a JSON array or one on each line. Equal entries give equal files."""
    random = Random(" ".join(entry.id for entry in entries))
    texts = [entry.json() for entry in random.sample(entries, len(entries))]
    path.write_text("\n".join(texts) if random.random() < 0.5 else f"[{','.join(texts)}]", "utf-8")


_WRAPPED: dict[str, Callable[[list[str]], str]] = {
    "batch": lambda texts: f'{{"records": [{", ".join(texts)}]}}',
    "batches": lambda texts: "\n".join(f'{{"records":[{text}]}}' for text in texts),
    "log file": lambda texts: f'{{"Records":[{",".join(texts)}]}}',
    "events": lambda texts: "\n".join(_event(text) for text in texts),
    "array": lambda texts: f"[{','.join(texts)}]",
}
"""Forms other than one record a line."""


def _event(record: str) -> str:
    kind = '"detail-type":"AWS Console Sign In via CloudTrail","source":"aws.signin"'
    return f'{{"version":"0",{kind},"detail":{record}}}'


def path_of(world: World, number: int) -> str:
    """The path of a file of the world."""
    file = world.files[number]
    name = f"{world.number:06}-{number}.json{'.gz' if file.packed else ''}"
    if file.form not in RECORD_FORMS:
        return f"entra/{name}"
    # The path of a trail's log file.
    folder = "AWSLogs/111122223333/CloudTrail/us-east-1/" if file.form == "log file" else ""
    return f"cloudtrail/{folder}{name}"


def _text(fact: SignIn | Record, copy: Copy) -> str:
    written = _sign_in(fact, copy) if isinstance(fact, SignIn) else fact.body
    return json.dumps(written, ensure_ascii=copy.manner % 2 == 0)


def identifier(sign_in: SignIn, copy: Copy) -> str:
    """The id of a sign-in as a copy spells it."""
    return (sign_in.id, sign_in.id, sign_in.id.upper())[copy.manner // 9 % 3]


def _sign_in(sign_in: SignIn, copy: Copy) -> dict:
    """A row as a diagnostic setting exports it, in one of the known spellings of the rule's fields."""
    manner = copy.manner
    record = exports.sign_in(sign_in.address, sign_in.time, code=sign_in.code, user=sign_in.user, identifier=sign_in.id)
    properties = record["properties"]
    record["category"] = (sign_in.category, sign_in.category, sign_in.category.lower())[manner % 3]
    record["correlationId"] = properties["correlationId"] = sign_in.correlation
    digits = f"{sign_in.time.microsecond:06}0"
    utc, west = sign_in.time, sign_in.time - timedelta(hours=5)
    properties["createdDateTime"] = (
        f"{utc:%Y-%m-%dT%H:%M:%S}.{digits}+00:00",
        f"{utc:%Y-%m-%dT%H:%M:%S}.{digits}Z",
        f"{west:%Y-%m-%dT%H:%M:%S}.{digits}-05:00",
    )[manner // 3 % 3]
    properties["id"] = identifier(sign_in, copy)
    record["tenantId"] = sign_in.tenant
    if not sign_in.id:
        del properties["id"]
    _set(record, "operationName", sign_in.client.operation)
    _set(properties, "appDisplayName", sign_in.client.app)
    _set(properties, "clientAppUsed", sign_in.client.client_app)
    _set(properties, "userAgent", sign_in.client.user_agent)
    if manner // 27 % 3 == 1 and str(int(sign_in.code)) == sign_in.code:
        record["resultType"] = int(sign_in.code)
    if manner // 81 % 3 == 1:
        del properties["ipAddress"]
    if manner // 81 % 3 == 2:
        del record["callerIpAddress"]
    return record


def _set(record: dict, name: str, text: str | None) -> None:
    """Sets a field, or deletes it for `None`."""
    if text is None:
        del record[name]
    else:
        record[name] = text
