"""The benign scenarios of the responder's day: those of the rule's document, the office and people at home."""

from datetime import timedelta
from itertools import product

from day.facts import ACCOUNTS, FIREFOX, IAM_USER, IDENTITY_CENTER, REGIONS, Day, codes, mail, names, spread
from local_aws.exports import USER_AGENT
from oracle.entry import FAILURES, Entry

OFFICE = "198.51.100.10"

MISTAKES = {"50126": 50, "50074": 10, "50076": 12, "500121": 8, "50055": 3, "50053": 2, "50058": 8, "70044": 7}
"""Result codes of people at work, with weights."""


def backup(day: Day) -> None:
    """A backup server with an old password signs in four times an hour. Its administrator works on it."""
    address, user = "192.0.2.50", mail("svc-veeam")
    for quarter in range(96):
        time = day.time(quarter / 4, quarter / 4 + 0.02)
        day.sign_in(address, time, user, "50126", source="non_interactive", app="Veeam Backup")
    day.login(address, day.time(9, 15), "veeam-admin", IAM_USER, "backup", has_mfa=True)
    day.entries.append(Entry("backup", FAILURES, {"cidr": (address,), "app": ("Veeam*",)}))


def password_resets(day: Day) -> None:
    """The help desk resets 14 passwords, and their users sign in with the new ones."""
    address, admin = "198.51.100.20", mail("help.desk")
    users = [mail(f"new.{name}") for name in names(14)]
    for user in spread(day.random, users, 31):
        code = day.random.choice(("50055", "50144", "50133"))
        day.sign_in(
            address, day.time(8, 15), user, code, app="Microsoft Password Reset", operation="Reset password (by admin)"
        )
    for user in [*users, *[admin] * 6]:
        day.sign_in(address, day.time(15, 15.5), user)
    day.federated(address, day.time(10, 15), admin, "password resets")
    day.entries.append(Entry("resets", FAILURES, {"cidr": (address,), "operation": ("*reset*password*",)}))


def home(day: Day) -> None:
    """Two people at home mistake their second factors. One of them then signs in, and works in AWS."""
    address, users = "203.0.113.66", (mail("anna"), mail("bo"))
    for place in range(7):
        code = day.random.choice(("500121", "50074", "50076"))
        day.sign_in(address, day.time(18, 19), users[place % 2], code)
    day.federated(address, day.time(19, 20), users[0], "home")
    day.entries.append(Entry("home", FAILURES, {"cidr": (address,), "user": users, "code_class": ("mfa",)}))


def conditional_access(day: Day) -> None:
    """Conditional Access blocks a person in a café, whose session of Identity Center still works."""
    address, user = "198.51.100.130", mail("carla")
    for _ in range(9):
        day.sign_in(address, day.time(12, 13), user, "53003")
    day.login(address, day.time(12, 14), user, IDENTITY_CENTER, "conditional access")
    day.entries.append(Entry("cafe", FAILURES, {"cidr": (address,), "code_class": ("conditional_access",)}))


def directory_sync(day: Day) -> None:
    """A directory sync with a legacy client fails twice an hour. Its administrator has a session of Identity Center."""
    address, user = "192.0.2.77", mail("svc-sync")
    for half in range(48):
        time = day.time(half / 2, half / 2 + 0.02)
        day.sign_in(address, time, user, "50126", app="Directory Sync", client_app="Exchange ActiveSync")
    day.login(address, day.time(9, 15), mail("sync.admin"), IDENTITY_CENTER, "directory sync")
    day.entries.append(Entry("sync", FAILURES, {"client_app": ("Exchange ActiveSync",), "user": (user,)}))


def remote(day: Day) -> None:
    """Twelve people at home sign in with at most a mistake each, and work in AWS."""
    for place, name in enumerate(names(12), 1):
        address, user = f"203.0.113.{place}", mail(f"remote.{name}")
        day.sign_in(address, day.time(7, 8), user)
        day.sign_in(address, day.time(7, 8), user, "0" if place % 6 == 0 else "50126")
        day.federated(address, day.time(8, 16), user, "remote")


def office(day: Day, people: int = 300, engineers: int = 25, without_mfa: int = 0, network: str = "") -> None:
    """An office with one address: six of 100 sign-ins fail, and the person then signs in.

    With `network`, each person has an address of that IPv6 network instead.

    Engineers reach AWS by Identity Center, except two who have IAM users with a second factor, and `without_mfa` who
    have IAM users without one. An IAM user has the person's name.
    """
    random = day.random
    addresses = {name: f"{network}{place:x}" if network else OFFICE for place, name in enumerate(names(people), 1)}
    staff = random.sample([*addresses], people)
    failing = random.sample(staff, round(people * 0.58))
    failures = spread(random, failing, round(people * 0.86))
    for name, code in zip(failures, codes(random, MISTAKES, len(failures)), strict=True):
        source = "interactive" if random.random() < 0.6 else "non_interactive"
        failure = day.sign_in(addresses[name], day.time(6, 16), mail(name), code, source=source)
        day.sign_in(addresses[name], failure.time + timedelta(seconds=random.randint(20, 600)), mail(name))
    federated = _office_logins(day, {name: addresses[name] for name in staff[:engineers]}, without_mfa)
    for name in random.choices(staff, k=round(people * 13.39) - len(failures) - federated):
        source = "interactive" if random.random() < 0.4 else "non_interactive"
        day.sign_in(addresses[name], day.time(6, 17), mail(name), source=source)


def _office_logins(day: Day, engineers: dict[str, str], without_mfa: int) -> int:
    """Adds the logins of engineers, by their addresses, and returns the number of federated ones.

    Some log in twice to the same account and region, and some IAM users after a mistyped password.
    """
    random, federated = day.random, 0
    combinations = random.sample([*product(engineers, ACCOUNTS, REGIONS[:2])], round(len(engineers) * 2.28))
    for place, (name, account, region) in enumerate(spread(random, combinations, round(len(engineers) * 2.8))):
        number, time = [*engineers].index(name), day.time(7, 16)
        where = {"account": account, "region": region, "user_agent": (USER_AGENT, FIREFOX)[number % 2]}
        if number < 2 + without_mfa:
            login = day.login(engineers[name], time, name, IAM_USER, "office", has_mfa=number < 2, **where)
            if place % 4 == 0:
                day.failed_login(login, timedelta(minutes=1))
        else:
            day.federated(engineers[name], time, mail(name), "office", **where)
            federated += 1
    return federated
