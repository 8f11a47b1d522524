"""Scenarios with an attacker."""

from datetime import timedelta

from day.facts import FIREFOX, IAM_USER, REGIONS, ROOT, SCRIPT, Day, Login, codes, mail, names

GUESSES = {"50126": 7, "50034": 2, "50053": 1}
"""Result codes of guesses, with weights."""

CLIENT = {"app": "Azure Active Directory PowerShell", "client_app": "Other clients", "user_agent": SCRIPT}


def guess(day: Day, address: str, users: list[str], tries: int = 1, first: float = 2) -> None:
    """An attacker tries each user from an address, within 20 minutes."""
    attempts = users * tries
    for user, code in zip(attempts, codes(day.random, GUESSES, len(attempts)), strict=True):
        day.sign_in(address, day.time(first, first + 0.35), mail(user), code, **CLIENT)


def victims(number: int, first: int = 0) -> list[str]:
    """Names of people, from the given place on."""
    return names(first + number)[first:]


def compromise(day: Day) -> None:
    """A spray finds the password of `dana`, and Entra ID stops it at the second factor. The IAM user has none.

    The codes that say so reach the export 45 minutes later, after the login.
    """
    source = "203.0.113.201"
    guess(day, source, [*victims(10), *["dana"] * 4])
    for code in ("50076", "50074"):
        day.sign_in(source, day.time(2.38, 2.4), mail("dana"), code, delay=timedelta(minutes=45))
    for region in (REGIONS[0], REGIONS[2]):
        _attack(day, source, "dana", "compromise", region=region, user_agent=FIREFOX)


def spray(day: Day, *, users: int = 10, tries: int = 1, source: str = "203.0.113.202", has_mfa: bool = False) -> None:
    """A spray from an address, and then the password of an IAM user that none of the tried ones has the name of."""
    guess(day, source, victims(users, 20), tries)
    login = _attack(day, source, "svc-deploy", "spray", has_mfa=has_mfa, user_agent=SCRIPT)
    for minutes in (2, 3):
        day.failed_login(login, timedelta(minutes=minutes))


def spray_without_login(day: Day) -> None:
    """A third address of the spray."""
    guess(day, "203.0.113.203", victims(10, 40))


def rotating_network(day: Day) -> None:
    """A spray from addresses of one /64, none of which fails often enough, and logins from others of it."""
    network = "2001:db8:bad:1::"
    for place in range(5):
        guess(day, f"{network}{place + 1}", victims(4, 60 + 4 * place))
    _attack(day, f"{network}a1", "build-user", "network", user_agent=SCRIPT)
    _attack(day, f"{network}a2", "root", "network", kind=ROOT, user_agent=FIREFOX)


def targeted(
    day: Day,
    *,
    user: str = "erik",
    tries: int = 8,
    has_mfa: bool = False,
    source: str = "203.0.113.210",
    first: float = 2,
) -> None:
    """Guesses against `erik`, and then the login of an IAM user."""
    guess(day, source, ["erik"], tries, first)
    _attack(day, source, user, "targeted", hour=first + 0.7, has_mfa=has_mfa)


def fatigue(day: Day) -> None:
    """An attacker in a café guesses a password, and sends prompts until the person accepts one: a federated login."""
    source, user = "203.0.113.220", mail("frida")
    for _ in range(5):
        day.sign_in(source, day.time(11, 11.3), user, "50126")
    for code in ("50074", "500121", "500121"):
        day.sign_in(source, day.time(11.4, 11.6), user, code)
    day.federated(source, day.time(11.7, 12), user, "fatigue", is_attack=True)


def spray_into_entra(day: Day, *, users: int = 12, is_prompted: bool = True) -> None:
    """A spray finds a person's password, and the person accepts the prompt: a federated login, the only success."""
    source, users_of_spray = "203.0.113.230", victims(users, 100)
    guess(day, source, users_of_spray)
    user = mail(users_of_spray[0])
    if is_prompted:
        day.sign_in(source, day.time(2.4, 2.5), user, "50074")
    day.federated(source, day.time(2.6, 3), user, "spray into Entra", is_attack=True)


def spray_into_both(day: Day, *, others: int = 10) -> None:
    """A spray finds a password that Entra ID accepts alone, and that the IAM user has too."""
    source = "203.0.113.240"
    guess(day, source, [*victims(others, 120), *["gerd"] * 4])
    day.sign_in(source, day.time(2.4, 2.5), mail("gerd"))
    _attack(day, source, "gerd", "spray into both")


def _attack(
    day: Day, address: str, user: str, scenario: str, *, kind: str = IAM_USER, hour: float = 2.7, **fields
) -> Login:
    """Adds a login of an attacker, within 12 minutes of the hour."""
    return day.login(address, day.time(hour, hour + 0.2), user, kind, scenario, is_attack=True, **fields)
