"""One deployment by SAM and one by Terraform, shared by all tests; each test uses addresses of its own."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local_aws import sam, server, terraform
from local_aws.deployment import ARCHITECTURE, ZIPS, Deployment


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets the tests of one deployment run in one process, and those of the other beside them."""
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        item.add_marker(pytest.mark.xdist_group(parameters.get("stack", item.path.name)))


@pytest.fixture(scope="session", params=["sam", "terraform"])
def stack(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """The deployed stack."""
    with server.running() as emulator:
        if request.param == "sam":
            yield sam.deploy(emulator, ZIPS, ARCHITECTURE)
            return
        try:
            deployed = terraform.deploy(emulator, ZIPS, ARCHITECTURE)
        except terraform.TerraformMissingError as missing:
            pytest.skip(f"the Terraform deployment, because {missing}")
        yield deployed


_addresses = itertools.count(1)


@pytest.fixture
def address() -> str:
    """An address that no other test uses."""
    number = next(_addresses)
    return f"198.51.100.{number}" if number < 255 else f"203.0.113.{number - 254}"


@pytest.fixture
def noon() -> datetime:
    """The base of the tests' times: 6, 12 or 18 o'clock, from 4 to 16 hours ago. So no test's facts are on two days,
    in the future, or older than a day."""
    latest = datetime.now(UTC) - timedelta(hours=4)
    hour = max(latest.hour // 6 * 6, 6) if latest.hour >= 6 else 18
    day = latest if latest.hour >= 6 else latest - timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)
