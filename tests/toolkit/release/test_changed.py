"""Which apps a change reaches."""

import subprocess
from pathlib import Path

import pytest

from toolkit.release import changed as module
from toolkit.release.changed import changed, deployed, differing, needs_infrastructure, outstanding

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


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of two integrations with one commit."""
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    git("config", "user.email", "someone@example.nhs.wales")
    git("config", "user.name", "Someone")
    commit("integrations/phw_to_mpi/mapping.py", "integrations/pims_to_mpi/mapping.py", "shared/a.py", "infra/main.bicep")
    return tmp_path


def git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()


def commit(*paths: str) -> str:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(Path(path).read_text() + "x" if Path(path).exists() else "x")
    git("add", "--all")
    git("commit", "--quiet", "--message", "change")
    return git("rev-parse", "HEAD")


def test_an_environment_without_tags_gets_everything(clone: Path) -> None:
    assert outstanding(deployed("prod"), CATALOGUE) == (ALL, True)


def test_what_is_deployed_is_not_deployed_again(clone: Path) -> None:
    for name in (*ALL, "infrastructure"):
        git("tag", f"deployed/prod/{name}")
    assert outstanding(deployed("prod"), CATALOGUE) == ([], False)
    assert outstanding(deployed("test"), CATALOGUE) == (ALL, True)


def test_a_change_of_a_run_that_was_cancelled_is_found_by_the_next(clone: Path) -> None:
    """Two merges, and GitHub cancels the run of the first: the second run still deploys both."""
    for name in (*ALL, "infrastructure"):
        git("tag", f"deployed/prod/{name}")
    commit("integrations/phw_to_mpi/mapping.py")
    commit("infra/main.bicep")
    assert outstanding(deployed("prod"), CATALOGUE) == (["phw-to-mpi", "ops"], True)


def test_an_app_that_was_rolled_back_waits_for_a_change_of_its_own(clone: Path) -> None:
    """A roll-back tags the app with the newest commit: another app's merge does not bring the bad version back."""
    for name in (*ALL, "infrastructure"):
        git("tag", f"deployed/prod/{name}")
    commit("integrations/phw_to_mpi/mapping.py")
    git("tag", "--force", "deployed/prod/phw-to-mpi")
    git("tag", "--force", "deployed/prod/ops")
    commit("integrations/pims_to_mpi/mapping.py")
    assert outstanding(deployed("prod"), CATALOGUE) == (["pims-to-mpi", "ops"], False)
    commit("integrations/phw_to_mpi/mapping.py")
    assert outstanding(deployed("prod"), CATALOGUE) == (ALL, False)


def test_outputs_of_the_step(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An environment that has everything, one that has nothing, and what is built for both."""
    for name in (*module.CATALOGUE, "ops", "infrastructure"):
        git("tag", f"deployed/dev/{name}")
    module.main(["dev", "prod"], everything=False)
    printed = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    assert (printed["dev_names"], printed["dev_infra"], printed["prod_infra"]) == ("[]", "false", "true")
    assert printed["names"] == printed["prod_names"] != "[]"


def test_everything_is_every_app(capsys: pytest.CaptureFixture[str]) -> None:
    module.main(["dev"], everything=True)
    assert '"ops"]' in capsys.readouterr().out
