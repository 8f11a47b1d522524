"""The scenarios of a day: the responder's day and its variations."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from day import attacks, benign, places
from day.facts import Day

Scenario = Callable[[Day], None]

OTHERS: tuple[Scenario, ...] = (
    benign.backup,
    benign.password_resets,
    benign.home,
    benign.conditional_access,
    benign.directory_sync,
    benign.remote,
)
"""The benign scenarios without the office."""

ATTACKS: tuple[Scenario, ...] = (
    attacks.compromise,
    attacks.spray,
    attacks.spray_without_login,
    attacks.rotating_network,
)


@dataclass(frozen=True)
class Plan:
    """A day's scenarios: those of the responder's day, with a small office, and more."""

    more: tuple[Scenario, ...] = ()
    office: Scenario = partial(benign.office, people=60, engineers=10)
    attacks: tuple[Scenario, ...] = ATTACKS
    doubtful: tuple[str, ...] = ()
    """Names of benign scenarios that have the facts of an attack, so that High is right."""
    unseen: tuple[str, ...] = ()
    """Names of attacks that have the facts of an office, so that severity cannot rank them."""

    def day(self, seed: object) -> Day:
        """The day of a seed. The same seed gives the same day."""
        day = Day(Random(str(seed)))
        for scenario in (self.office, *OTHERS, *self.attacks, *self.more):
            scenario(day)
        return day


RESPONDERS_DAY = "the responder's day"

PLANS = {
    RESPONDERS_DAY: Plan(office=benign.office),
    "an office of 1,000": Plan(office=partial(benign.office, people=1000, engineers=80)),
    "an office of 60": Plan(),
    "an office of 15": Plan(office=partial(benign.office, people=15, engineers=5)),
    "IAM users in the office without MFA": Plan(office=partial(benign.office, people=60, engineers=10, without_mfa=2)),
    "an office over IPv6": Plan(
        office=partial(benign.office, people=60, engineers=10, network="2001:db8:7:1::"),
    ),
    "no attack": Plan(attacks=(), doubtful=("password resets",)),
    # Other places.
    "a branch with few successes": Plan((places.branch,)),
    "a VPN of many companies": Plan((places.vpn,)),
    "a conference": Plan((places.conference,), doubtful=("conference",)),
    "an old password on a phone": Plan((places.phone,)),
    "many mistakes at home": Plan((places.mistakes,), doubtful=("mistakes",)),
    "an IAM user without MFA on a server": Plan((places.server,), doubtful=("server",)),
    "root in the office": Plan((places.root,), doubtful=("root in the office",)),
    # Other attacks.
    "a spray over four users": Plan((partial(attacks.spray, users=4, tries=3, source="203.0.113.204"),)),
    "a spray, then a second factor": Plan((partial(attacks.spray, users=8, has_mfa=True, source="203.0.113.204"),)),
    "targeted guesses": Plan((attacks.targeted,)),
    "targeted guesses, then a second factor": Plan((partial(attacks.targeted, has_mfa=True),), unseen=("targeted",)),
    "targeted guesses, then another name": Plan((partial(attacks.targeted, user="svc-erik"),)),
    "prompts until one is accepted": Plan((attacks.fatigue,), unseen=("fatigue",)),
    "a spray into Entra ID": Plan((attacks.spray_into_entra,)),
    "a spray into Entra ID without a prompt": Plan((partial(attacks.spray_into_entra, users=8, is_prompted=False),)),
    "a spray into Entra ID and AWS": Plan((attacks.spray_into_both,)),
    "guesses into Entra ID and AWS": Plan((partial(attacks.spray_into_both, others=2),)),
    "a spray from the VPN": Plan((places.vpn, partial(attacks.spray, source=places.VPN)), doubtful=("VPN",)),
    "guesses in the office": Plan((partial(attacks.targeted, source=benign.OFFICE, first=13),)),
    "few guesses in the office": Plan((partial(attacks.targeted, source=benign.OFFICE, first=13, tries=3),)),
    "guesses in the office, then another name": Plan(
        (partial(attacks.targeted, source=benign.OFFICE, first=13, user="svc-erik"),), unseen=("targeted",)
    ),
}
