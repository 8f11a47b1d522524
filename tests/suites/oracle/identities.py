"""Generates identities: every kind that CloudTrail has, with any of its parts missing.

Some kinds cover corner cases of the rule's `case` and `split`. A name changes nothing but the names in the rule's
answer, so each kind has a few.
"""

from collections.abc import Callable
from random import Random
from typing import Any

ACCOUNTS = ("111122223333", "444455556666")
PLAIN = ("alice", "bo", "c.d", "Ωmega")
WITH_AT = (
    "alice@contoso.example",
    "alice@fabrikam.example",
    "BO@Contoso.Example",
    "bo@contoso.example",
    "@lead",
    "trail@",
    "@",
)
WITH_TWO_AT = ("a@b@c", "a@@c", "@@")

Parts = dict[str, Any]
"""Fields of a record that are about its identity."""


def _user(random: Random, name: str, **parts: Any) -> Parts:
    account = random.choice(ACCOUNTS)
    arn = f"arn:aws:iam::{account}:user/{name}"
    identity = {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": account, "arn": arn, "userName": name}
    return _without_none(identity | parts)


def _role(random: Random, role: str, session: str) -> Parts:
    account = random.choice(ACCOUNTS)
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    return {"type": "AssumedRole", "principalId": f"AROAEXAMPLE:{session}", "accountId": account, "arn": arn}


def _root(random: Random) -> Parts:
    account = random.choice(ACCOUNTS)
    kind = random.choice(("Root", "Root", "root", "ROOT"))
    return {"type": kind, "principalId": account, "accountId": account, "arn": f"arn:aws:iam::{account}:root"}


def _federated(random: Random, name: str) -> Parts:
    account = random.choice(ACCOUNTS)
    arn = f"arn:aws:sts::{account}:federated-user/{name}"
    return {"type": "FederatedUser", "principalId": f"{account}:{name}", "accountId": account, "arn": arn}


def _without_none(identity: Parts) -> Parts:
    return {name: value for name, value in identity.items() if value is not None}


def _resource(arn: str) -> list[Parts]:
    return [{"accountId": ACCOUNTS[0], "type": "AWS::IAM::Role", "ARN": arn}]


_ROLE = f"arn:aws:iam::{ACCOUNTS[0]}:role"

KINDS: dict[str, Callable[[Random], Parts]] = {
    "IAM user": lambda random: {"userIdentity": _user(random, random.choice(PLAIN))},
    "IAM user with an @": lambda random: {"userIdentity": _user(random, random.choice(WITH_AT))},
    "IAM user with two @": lambda random: {"userIdentity": _user(random, random.choice(WITH_TWO_AT))},
    "user name without an ARN": lambda random: {"userIdentity": _user(random, random.choice(PLAIN), arn=None)},
    "ARN with a path and no user name": lambda random: {
        "userIdentity": _user(random, f"ops/{random.choice(PLAIN + WITH_AT)}", userName=None)
    },
    "user name that is not the ARN's": lambda random: {"userIdentity": _user(random, "ops/alice", userName="a/b@c")},
    "ARN that ends in a slash": lambda random: {
        "userIdentity": _user(random, "alice/", userName=random.choice((None, "")))
    },
    "root": lambda random: {"userIdentity": _root(random)},
    "Identity Center": lambda random: {
        "userIdentity": _role(random, "AWSReservedSSO_Admin_0123456789abcdef", random.choice(WITH_AT))
    },
    "SAML": lambda random: {"userIdentity": _role(random, "Operators", random.choice(PLAIN))},
    "session with two @": lambda random: {"userIdentity": _role(random, "Operators", random.choice(WITH_TWO_AT))},
    "federated user": lambda random: {"userIdentity": _federated(random, random.choice(PLAIN + WITH_AT))},
    "anonymous": lambda random: {
        "userIdentity": _user(random, random.choice(PLAIN + WITH_AT), type="Unknown", principalId="Anonymous")
    },
    "anonymous with no name": lambda random: {"userIdentity": {"type": "Unknown", "principalId": "Anonymous"}},
    "no anonymous, but nearly": lambda random: {"userIdentity": _user(random, "alice", principalId="anonymous")},
    "ARN of a resource": lambda random: {
        "userIdentity": _user(random, "alice", arn=random.choice((None, "")), userName=random.choice((None, ""))),
        "resources": _resource(f"{_ROLE}/{random.choice(PLAIN)}"),
    },
    "ARN of a resource with an @": lambda random: {
        "userIdentity": _user(random, "alice", arn=None, userName=None),
        "resources": _resource(f"{_ROLE}/{random.choice(WITH_AT + WITH_TWO_AT)}"),
    },
    "ARN beside that of a resource": lambda random: {
        "userIdentity": _user(random, random.choice(PLAIN), userName=None),
        "resources": _resource(f"{_ROLE}/Other"),
    },
    "ARN of the second resource": lambda random: {
        "userIdentity": _user(random, "alice", arn=None, userName=None),
        "resources": [{"type": "AWS::IAM::Role"}, *_resource(f"{_ROLE}/Second")],
    },
    "no ARN anywhere": lambda random: {
        "userIdentity": _user(random, "alice", arn=None, userName=None),
        **random.choice(({}, {"resources": None}, {"resources": []})),
    },
    "no identity": lambda random: {"userIdentity": random.choice((None, {}))},
}


def altered(random: Random, identity: Parts | None) -> Parts:
    """A similar identity."""
    changes = {"type": ("IAMUser", "Root", "ROOT", "AssumedRole", ""), "userName": (*PLAIN, *WITH_AT)}
    field = random.choice(list(changes))
    return {**(identity or {}), field: random.choice(changes[field])}


def some(random: Random) -> tuple[str, Parts]:
    """A kind of identity, and the fields of a record for it."""
    kind = random.choice(list(KINDS))
    return kind, KINDS[kind](random)
