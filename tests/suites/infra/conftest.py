import pytest
import terraform_module


@pytest.fixture(scope="session")
def terraform_deployments(tmp_path_factory):
    try:
        return terraform_module.deployments(tmp_path_factory.mktemp("terraform"))
    except terraform_module.UnavailableError as reason:
        pytest.skip(f"infra/terraform is not compared with infra/sam: {reason}")
