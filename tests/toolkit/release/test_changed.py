"""Which apps a change reaches."""

import pytest

from toolkit.release.changed import changed, differing, needs_infrastructure

CATALOGUE = {"phw-to-mpi": "integrations.phw_to_mpi", "pims-to-mpi": "integrations.pims_to_mpi"}
ALL = ["phw-to-mpi", "pims-to-mpi", "ops"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ([], []),
        (["README.md", "docs/runbooks.md", "tests/test_pipeline.py"], []),
        (["integrations/pims_to_mpi/mapping.py"], ["pims-to-mpi", "ops"]),
        (["integrations/pims_to_mpi/samples/a28.in.hl7", "integrations/pims_to_mpi/mapping_sheet.md"], []),
        (["integrations/phw_to_mpi/codes.py", "integrations/pims_to_mpi/rules.py"], ALL),
        (["shared/hl7/message.py"], ALL),
        (["requirements.txt"], ALL),
        (["host.json"], ALL),
        (["toolkit/release/package.py"], ALL),
        (["toolkit/local/host/worker.py"], []),
        (["integrations/__init__.py"], ["ops"]),
        (["integrations/gone_to_mpi/mapping.py"], ["ops"]),
        (["integrations/phw_to_mpi_two/mapping.py"], ["ops"]),
    ],
)
def test_matrix(paths: list[str], names: list[str]) -> None:
    assert changed(paths, CATALOGUE) == names


@pytest.mark.parametrize(
    ("path", "needed"), [("infra/main.bicep", True), ("infra/manifest.json", True), ("docs/infra/x.md", False)]
)
def test_infrastructure(path: str, needed: bool) -> None:
    assert needs_infrastructure([path]) is needed


def test_a_first_deployment_deploys_everything() -> None:
    """A base that is no commit (a new branch, forty zeros) is no reason to deploy nothing."""
    assert "shared/integration.py" in differing("0" * 40)
    assert differing("HEAD") == [] or all(differing("HEAD"))
