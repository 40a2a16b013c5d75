"""``./hub impact``: what a change does to messages, and that a change without effect says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from integrations import load
from tests.copies import without
from toolkit.migrate.impact import comment, compared, differences, messages
from toolkit.migrate.pairs import BrokenPairs, read
from toolkit.migrate.versions import NoVersion, Request, base, outcomes, unpacked

ROOT = Path(__file__).resolve().parents[3]
PHW = "integrations/phw_to_mpi"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as it is, in a folder of its own."""
    folder = tmp_path_factory.mktemp("before")
    for name in ("shared", "integrations"):
        shutil.copytree(ROOT / name, folder / name, ignore=without())
    return folder


def requests(name: str = "phw-to-mpi") -> list[Request]:
    return [Request(name, pair) for pair in read(ROOT / "integrations" / load(name).package / "samples")]


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_change_of_a_mapping_and_one_that_alters_nothing(before: Path) -> None:
    now = outcomes(ROOT, requests())
    assert "### Impact: none" in comment(list(compared(requests(), outcomes(before, requests()), now)), "base")
    edited(before / PHW / "mapping.py", '{"29": date_of_death(source["29"])}', '{"29": source.raw("29"), "18": "X"}')
    [found] = compared(requests(), outcomes(before, requests()), now)
    groups = {(group.path, group.cause): len(group.messages) for group in found.groups}
    accepted = sum(outcome is not None and outcome["accepted"] for outcome in now)
    assert ("PID-18", "missing") in groups
    assert ("PID-29.2", "missing") in groups
    assert max(groups.values()) <= found.changed == accepted
    text = comment([found], "base")
    assert "| `PID-29.2` | no longer sent |" in text
    assert "9990000018" not in text


VERDICTS = [
    (True, False, [["error", "patient-name", "PID-5"]], [("PID-5", "refused", "patient-name")]),
    (False, True, [], [("", "accepted", "")]),
    (True, True, [["warning", "date", "EVN-2"]], [("EVN-2", "warned", "date")]),
]


@pytest.mark.parametrize(("was", "now", "findings", "expected"), VERDICTS)
def test_a_change_of_a_verdict(was: bool, now: bool, findings: list[list[str]], expected: list[tuple[str, str, str]]) -> None:
    none = {"findings": [], "fault": [], "outputs": [], "properties": []}
    found = differences({**none, "accepted": was}, {**none, "accepted": now, "findings": findings})
    assert [(each.path, each.cause, each.rule) for each in found] == expected


def test_a_finding_that_goes_and_a_mapping_that_breaks() -> None:
    warned = {"accepted": True, "findings": [["warning", "date", "EVN-2"]], "fault": [], "outputs": [], "properties": []}
    assert [each.cause for each in differences(warned, {**warned, "findings": []})] == ["no-longer-warned"]
    assert [each.cause for each in differences(warned, {**warned, "fault": [["", "fault", "KeyError"]]})] == ["fault"]


def test_an_integration_that_one_version_lacks_is_left_out(before: Path) -> None:
    edited(before / "integrations/__init__.py", '    "paris-to-mpi": "integrations.paris_to_mpi",\n', "")
    found = outcomes(before, requests("paris-to-mpi"))
    assert set(found) == {None}
    assert list(compared(requests("paris-to-mpi"), found, outcomes(ROOT, requests("paris-to-mpi")))) == []


def test_a_version_that_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(NoVersion, match="does not run: ModuleNotFoundError"):
        outcomes(tmp_path, requests())


def test_a_sample_that_was_deleted_and_a_corpus(tmp_path: Path) -> None:
    folder, corpus = tmp_path / "before", tmp_path / "corpus"
    for path in (folder / PHW / "samples", corpus / "phw-to-mpi"):
        path.mkdir(parents=True)
    (folder / PHW / "samples" / "gone.in.hl7").write_bytes(b"MSH|^~\\&|")
    (corpus / "phw-to-mpi" / "recorded.in.hl7").write_bytes(b"MSH|^~\\&|")
    names = [each.pair.name for each in messages(folder, corpus) if each.integration == "phw-to-mpi"]
    assert names[-2:] == ["gone", "recorded"]
    assert len(names) == len(set(names)) > 50
    with pytest.raises(BrokenPairs, match="named after an integration"):
        list(messages(folder, tmp_path))


def git(folder: Path, *command: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.nhs.wales")
    subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True)


def test_a_commit_is_unpacked_and_the_base_found(tmp_path: Path) -> None:
    git(tmp_path, "init", "-b", "main")
    for name in ("shared", "integrations"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    (tmp_path / "shared" / "one.py").write_text("2")
    with unpacked(base(tmp_path), tmp_path) as folder:
        assert (folder / "shared" / "one.py").read_text() == "1"
    assert not folder.exists()
    for wrong in ("nothing", "--output=x"):
        with pytest.raises(NoVersion), unpacked(wrong, tmp_path):
            pass


def test_the_command_says_what_is_wrong_in_one_line() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "toolkit", "impact", "--base", "no-such-commit"]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
