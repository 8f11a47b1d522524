"""Benign scenarios beyond those of the responder's day."""

from day.benign import MISTAKES, OFFICE
from day.facts import IAM_USER, IDENTITY_CENTER, ROOT, Day, codes, mail, names, spread

VPN = "192.0.2.150"


def branch(day: Day) -> None:
    """A branch, most of whose people have sessions that last for days: three sign in."""
    address, staff = "192.0.2.140", names(308)[300:]
    _fail(day, address, staff[:5], 9)
    _succeed(day, address, staff[3:6])
    for name in staff[4:7]:
        day.login(address, day.time(8, 15), mail(name), IDENTITY_CENTER, "branch")
    day.login(address, day.time(8, 15), staff[7], IAM_USER, "branch", has_mfa=True)


def vpn(day: Day) -> None:
    """A VPN of which eight users are of the tenant. One of them only fails."""
    guests = names(316)[308:]
    _fail(day, VPN, guests[:5], 11)
    _succeed(day, VPN, guests[1:])
    for name in guests[2:5]:
        day.federated(VPN, day.time(18, 20), mail(name), "VPN")


def conference(day: Day) -> None:
    """A conference, where eight of the twelve people who fail never sign in."""
    address, guests = "192.0.2.160", names(356)[316:]
    _fail(day, address, guests[:12], 20)
    _succeed(day, address, [*guests[:4], *guests[12:20]])
    for name in (*guests[2:4], *guests[12:14]):
        day.federated(address, day.time(12, 16), mail(name), "conference")


def phone(day: Day) -> None:
    """A phone at an engineer's home retries an old password, and the engineer works in AWS."""
    address, user = "203.0.113.70", mail("hanne")
    for _ in range(24):
        day.sign_in(address, day.time(0, 8), user, "50126", source="non_interactive", client_app="Exchange ActiveSync")
    day.federated(address, day.time(8, 16), user, "phone")


def mistakes(day: Day) -> None:
    """A person at home mistypes a new password seven times, passes the second factor, and works in AWS."""
    address, user = "203.0.113.71", mail("ingrid")
    for _ in range(7):
        day.sign_in(address, day.time(7, 8), user, "50126")
    day.sign_in(address, day.time(8, 8.1), user, "50074")
    day.federated(address, day.time(8.2, 16), user, "mistakes")


def server(day: Day) -> None:
    """The backup's administrator has another IAM user, without a second factor."""
    day.login("192.0.2.50", day.time(9, 15), "veeam-restore", IAM_USER, "server")


def root(day: Day) -> None:
    """An administrator uses the root user, with its second factor, in the office."""
    day.login(OFFICE, day.time(9, 15), "root", ROOT, "root in the office", has_mfa=True)


def _fail(day: Day, address: str, people: list[str], number: int) -> None:
    for name, code in zip(spread(day.random, people, number), codes(day.random, MISTAKES, number), strict=True):
        day.sign_in(address, day.time(7, 15), mail(name), code)


def _succeed(day: Day, address: str, people: list[str]) -> None:
    for name in people:
        day.sign_in(address, day.time(7, 17), mail(name))
