"""The sample: a morning at Contoso with an attacker."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local_aws.exports import console_login, lines, sign_in

ATTACKER = "203.0.113.42"
OFFICE = "198.51.100.10"
VICTIMS = ["ann@contoso.example", "alice@contoso.example", "bo@contoso.example"]


@dataclass(frozen=True)
class Export:
    """An object for the export bucket."""

    key: str
    body: bytes


def facts() -> tuple[Export, list[dict]]:
    """Six failures among a day's usual sign-ins, and a login from the same address."""
    # Some hours ago: what is older than a day is mailed in a digest.
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    ordinary = [
        sign_in(OFFICE, begin + timedelta(minutes=3 * number), code=code, user=user)
        for number, (code, user) in enumerate(
            [("0", VICTIMS[0]), ("50126", VICTIMS[2]), ("0", VICTIMS[2]), ("50140", VICTIMS[1]), ("0", VICTIMS[1])]
        )
    ]
    guesses = [
        sign_in(ATTACKER, begin + timedelta(minutes=20, seconds=40 * number), user=VICTIMS[number % 3])
        for number in range(6)
    ]
    key = f"tenantId=0f1e2d3c/y={begin:%Y}/m={begin:%m}/d={begin:%d}/h={begin:%H}/m=00/PT1H.json"
    login = console_login(ATTACKER, begin + timedelta(minutes=31))
    return Export(key, lines(ordinary + guesses)), [login]
