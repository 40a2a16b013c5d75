"""Golden files are compared, never rewritten in CI, and never changed without a reason that can be found."""

import subprocess
from pathlib import Path

import pytest

from tests.goldens import hold
from toolkit.release.golden_changes import is_golden, main, unexplained

OLD, NEW = {"a.out.json": b"1", "a.issues.json": b"2"}, {"a.out.json": b"3"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, body in OLD.items():
        (tmp_path / name).write_bytes(body)
    return tmp_path


def now(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("accept", "ci"), [(False, ""), (False, "true"), (True, "true")])
def test_a_difference_fails_and_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch, accept: bool, ci: str) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(AssertionError):
        hold(folder, OLD, NEW, accept=accept)
    assert now(folder) == OLD


def test_a_rewritten_file_is_no_passed_test(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="rewritten"):
        hold(folder, OLD, NEW, accept=True)
    assert now(folder) == NEW
    hold(folder, NEW, NEW, accept=True)


def test_the_first_golden_of_a_new_sample_is_written_in_ci_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception, match="rewritten"):
        hold(tmp_path, {}, NEW, accept=True)
    assert now(tmp_path) == NEW


@pytest.mark.parametrize(
    ("path", "golden"),
    [
        ("integrations/a/samples/one.out.json", True),
        ("integrations/a/samples/one.out.2.hl7", True),
        ("integrations/a/samples/one.issues.json", True),
        ("integrations/a/samples/one.properties.2.json", True),
        ("tests/shared/mapping/samples/one.issues.txt", True),
        ("integrations/a/samples/one.in.hl7", False),
        ("integrations/a/mapping.py", False),
        ("docs/samples.out.md", False),
    ],
)
def test_which_files_are_golden(path: str, golden: bool) -> None:
    assert is_golden(path) is golden


class Repository:
    """A repository with one golden file in its first commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.base = self.commit("First", {"a/samples/one.out.json": "1", "a/samples/one.in.hl7": "1", "a/mapping.py": "1"})

    def git(self, *command: str) -> str:
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.wales", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *who, *command], cwd=self.root, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, message: str, files: dict[str, str]) -> str:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text) if text else (self.root / name).unlink()
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("message", "files", "found"),
    [
        ("Map", {"a/samples/one.out.json": "2"}, 1),
        ("Map", {"a/samples/one.out.json": ""}, 1),
        ("Map\n\nGolden: x", {"a/samples/one.out.json": "2"}, 1),
        ("Map\n\nNo Golden: the unit is kept", {"a/samples/one.out.json": "2"}, 1),
        ("Map\n\nGolden: the unit is kept as it was sent", {"a/samples/one.out.json": "2"}, 0),
        ("Map", {"a/samples/two.out.json": "2"}, 0),
        ("Map", {"a/samples/one.in.hl7": "2", "a/mapping.py": "2"}, 0),
    ],
)
def test_a_changed_golden_needs_a_reason(tmp_path: Path, message: str, files: dict[str, str], found: int) -> None:
    made = Repository(tmp_path)
    made.commit(message, files)
    made.commit("Later", {"README.md": "x"})
    assert [each.subject for each in unexplained(made.base, tmp_path)] == ["Map"] * found
    assert main(made.base, tmp_path) == found


def test_a_base_that_is_no_commit_is_an_error_and_no_pass(tmp_path: Path) -> None:
    made = Repository(tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        unexplained("0" * 40, made.root)


def test_pull_requests_are_looked_at() -> None:
    workflow = Path(__file__).resolve().parents[3] / ".github" / "workflows" / "pull-request.yml"
    text = workflow.read_text("utf-8")
    assert 'python -m toolkit.release.golden_changes "$BASE"' in text
    assert "fetch-depth: 0" in text
