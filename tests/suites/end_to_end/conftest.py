"""One deployment by SAM and one by Terraform, shared by all tests; each test uses addresses of its own."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from local_aws import sam, server, terraform
from local_aws.deployment import ARCHITECTURE, ZIPS, Deployment

NOT_RUN = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def not_tested(request: pytest.FixtureRequest) -> Callable[[str], NoReturn]:
    """Skips a test and reports the skipped subject at the end."""

    def skip(what: str) -> NoReturn:
        request.config.stash.setdefault(NOT_RUN, []).append(what)
        pytest.skip(what)

    return skip


@pytest.fixture(scope="session", params=["sam", "terraform"])
def stack(request: pytest.FixtureRequest, not_tested: Callable[[str], NoReturn]) -> Iterator[Deployment]:
    """The deployed stack."""
    with server.running() as emulator:
        if request.param == "sam":
            yield sam.deploy(emulator, ZIPS, ARCHITECTURE)
            return
        try:
            deployed = terraform.deploy(emulator, ZIPS, ARCHITECTURE)
        except terraform.TerraformMissingError as missing:
            not_tested(f"the Terraform deployment, because {missing}")
        yield deployed


_addresses = itertools.count(1)


@pytest.fixture
def address() -> str:
    """An address that no other test uses."""
    number = next(_addresses)
    return f"198.51.100.{number}" if number < 255 else f"203.0.113.{number - 254}"


@pytest.fixture
def noon() -> datetime:
    """The base of the tests' times, in the past, so that no test depends on today's date."""
    return datetime(2026, 3, 2, 12, tzinfo=UTC)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Reports what was skipped at the end of the output, where it is seen."""
    for what in config.stash.get(NOT_RUN, []):
        print(f"NOT TESTED: {what}")
