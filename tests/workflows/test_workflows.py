"""The workflows hold what actionlint, zizmor and the schemas ask, and what a deployment promises."""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
PULL_REQUEST = GITHUB / "workflows" / "pull-request.yml"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
NAMES = {"pull-request", "code-scanning", "build", "deploy", "release", "verify", "roll-back", "drift", "relay", "docs"}


def tool(name: str) -> str:
    """A gate's program, next to the Python that runs the tests; one clear line if it is missing."""
    neighbour = Path(sys.executable).with_name(name)
    found = str(neighbour) if neighbour.exists() else shutil.which(name)
    return found or pytest.skip(f"{name} is not here: pip install '.[gates]'")


def complaints(name: str, *arguments: str) -> str:
    done = subprocess.run([tool(name), *arguments], capture_output=True, text=True, check=False, cwd=ROOT)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def gates(github: Path) -> str:
    """What the three gates say of a .github folder: nothing, when all is well."""
    workflows = [str(path) for path in sorted((github / "workflows").glob("*.yml"))]
    schema = ("check-jsonschema", "--builtin-schema")
    return "".join(
        (
            complaints("actionlint", *workflows),
            complaints("zizmor", "--offline", "--no-progress", str(github)),
            complaints(*schema, "vendor.github-workflows", *workflows),
            complaints(*schema, "vendor.dependabot", str(github / "dependabot.yml")),
        )
    )


def test_actionlint_zizmor_and_the_schemas_find_nothing() -> None:
    assert gates(GITHUB) == ""


def test_the_workflows_are_those_that_operations_speak_of() -> None:
    assert {path.stem for path in WORKFLOWS} == NAMES


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_is_granted_to_all_jobs_and_every_action_is_pinned(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.search(r"^permissions: \{\}$", text, re.M)
    used = re.findall(r"uses: (\S+)(?: # (v[\d.]+))?", text)
    assert [name for name, tag in used if not name.startswith("./") and not (re.search(r"@[0-9a-f]{40}$", name) and tag)] == []
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_step_runs_text_from_outside(path: Path) -> None:
    """An expression in a script is text that someone else may have written: it goes through the environment."""
    blocks = re.findall(r"run: \|\n((?: {10,}.*\n)+)", path.read_text("utf-8"))
    assert [block for block in blocks if "${{" in block] == []


def test_modules_that_the_workflows_call_exist() -> None:
    called = set(re.findall(r"python -m (toolkit(?:\.\w+)+)", "".join(path.read_text("utf-8") for path in WORKFLOWS)))
    assert called
    assert [name for name in called if not (ROOT / f"{name.replace('.', '/')}.py").exists()] == []


def test_a_deployment_is_attested_checked_and_verified() -> None:
    build, release = ((GITHUB / "workflows" / f"{name}.yml").read_text("utf-8") for name in ("build", "release"))
    assert "attest-build-provenance" in build
    order = ["gh attestation verify", "Azure/functions-action", "AZURE_VERIFY_CLIENT_ID", "toolkit.release.smoke", "record.sh"]
    places = [release.rindex(step) for step in order]
    assert places == sorted(places)
    assert "remote-build: false" in release
    assert 'toolkit.release.smoke "https://$HOST" "$NAME" "$(unzip -p "dist/$NAME.zip" version.txt)"' in release


def test_code_and_dependencies_are_looked_at_before_they_come_in() -> None:
    """Known vulnerabilities of what is pinned and of what a change brings, secrets, a bill of materials, CodeQL."""
    asked, scanned = ((GITHUB / "workflows" / f"{name}.yml").read_text("utf-8") for name in ("pull-request", "code-scanning"))
    tools = ("pip-audit --strict", "actions/dependency-review-action@", "detect-secrets-hook", "cyclonedx-py")
    assert [tool for tool in tools if tool not in asked] == []
    assert "pull_request:" in scanned
    assert "language: [python, actions, javascript-typescript]" in scanned


def secrets_in(paths: list[str]) -> str:
    """What the scan of the pull request finds in these files, called as it is there."""
    [left_out] = re.findall(r"detect-secrets-hook --exclude-files '(.*)'$", PULL_REQUEST.read_text("utf-8"), re.M)
    return complaints("detect-secrets-hook", "--exclude-files", left_out, *paths)


@pytest.mark.slow
def test_what_is_deployed_holds_no_secret() -> None:
    """The pull request looks at every file, tests and samples too, which takes three times as long."""
    deployed = ["*.py", "*.json", "*.yml", "*.bicep*", ":!tests", ":!toolkit/bench", ":!*/samples/*"]
    done = subprocess.run(["git", "ls-files", "-z", *deployed], cwd=ROOT, capture_output=True, text=True, check=False)
    tracked = [path for path in done.stdout.split("\0") if path]
    if not tracked:
        pytest.skip("no repository here: nothing says which files are the product's")
    assert secrets_in(tracked) == ""


def test_a_secret_would_be_found(tmp_path: Path) -> None:
    leaked = tmp_path / "settings.py"
    leaked.write_text(f'CONNECTION = "AccountKey={base64.b64encode(bytes(range(64))).decode()};"\n', "utf-8")
    assert "Azure Storage Account access key" in secrets_in([str(leaked)])


def test_owners_of_what_is_dangerous() -> None:
    owners = (GITHUB / "CODEOWNERS").read_text("utf-8")
    assert all(path in owners for path in ("/infra/", "/.github/", "/shared/security.py", "/shared/telemetry/"))
