"""Every combination of ``./hub new``: what it writes works as it is, in one temporary folder for all of them."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import integrations
from shared import check
from shared.destinations.kinds.kind import kind_of
from shared.integration import Http, Integration
from shared.partner_docs.openapi import document
from tests.canary.canaries import Nest, as_many_as_pass
from toolkit import samples
from toolkit.generate.generated_docs import record_of_processing
from toolkit.generate.scaffold import files, tidy
from toolkit.generate.scaffold.kinds import DESTINATIONS, OF_HL7, SOURCES, TYPES, Kinds, every
from toolkit.generate.sheet import all_fates, places, sheet
from toolkit.say import ROOT

KINDS = every()
LABELS = {
    "event-grid": "Event Grid",
    "fhir": "FHIR server",
    "http": "HTTP",
    "mllp": "MLLP",
    "queue": "Azure queue",
    "soap": "SOAP",
}
# Each kind of source and of destination once.
REPRESENTATIVE = tuple(
    Kinds(source, destination, code)
    for source, destination, code in (
        ("hl7v2", "fhir", "ORM"),
        ("fhir", "mllp", "ADT"),
        ("json", "fhir", "ADT"),
        ("xml", "soap", "ADT"),
        ("csv", "queue", "ADT"),
        ("soap", "event-grid", "SIU"),
        ("file", "http", "ADT"),
    )
)


def name_of(kinds: Kinds) -> str:
    return f"{kinds.source}-{kinds.code.lower()}-to-{kinds.destination}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with all of them, which is part of the package ``integrations`` as long as these tests run."""
    made = tmp_path_factory.mktemp("integrations")
    for kinds in KINDS:
        for path, body in files(name_of(kinds), kinds).items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_bytes(body)
    tidy(made)
    root = samples.ROOT
    integrations.__path__.append(str(made))
    samples.ROOT = made
    yield made
    integrations.__path__.remove(str(made))
    samples.ROOT = root
    for name in [name for name in sys.modules if name.startswith("integrations.") and (made / name.split(".")[1]).is_dir()]:
        del sys.modules[name]


def load(kinds: Kinds) -> Integration:
    made: Integration = import_module(f"integrations.{name_of(kinds).replace('-', '_')}").INTEGRATION
    return made


def test_every_source_meets_every_destination() -> None:
    assert {(each.source, each.destination) for each in KINDS} == {(source, to) for source in SOURCES for to in DESTINATIONS}
    assert {each.code for each in KINDS if each.source == "soap" and each.destination == "queue"} == set(TYPES)


@pytest.mark.parametrize("kinds", KINDS, ids=name_of)
def test_its_samples_are_accepted_without_a_finding_or_rejected(kinds: Kinds, folder: Path) -> None:
    integration = load(kinds)
    found = samples.samples(integration)
    assert {each.name.startswith("rejected_") for each in found} == {True, False}
    for each in found:
        ran = check.run(integration, each.envelope)
        issues = [(issue.rule, issue.where) for issue in ran.verdict.issues]
        assert ran.faults == ()
        if each.name.startswith("rejected_"):
            assert (ran.verdict.accepted, bool(issues)) == (False, True), each.name
        else:
            assert (ran.verdict.accepted, issues, len(ran.outgoing)) == (True, [], 1), each.name


@pytest.mark.parametrize("kinds", KINDS, ids=name_of)
def test_its_destination_is_the_one_that_was_asked_for(kinds: Kinds, folder: Path) -> None:
    integration = load(kinds)
    assert kind_of(integration.destination).label == LABELS[kinds.destination]
    assert integration.destination.name == kinds.destination.replace("-", "_").upper()
    assert integration.name == name_of(kinds)


@pytest.mark.parametrize("kinds", KINDS, ids=name_of)
def test_what_is_written_is_short_and_names_no_template(kinds: Kinds, folder: Path) -> None:
    made = folder / name_of(kinds).replace("-", "_")
    text = "".join(path.read_text(encoding="utf-8") for path in made.glob("*.py"))
    assert [word for word in ("templates", "the-name", "The title", "SENDER", "TARGET", "TODO") if word in text] == []
    assert text.count("\n") < 120
    assert (kinds.source in OF_HL7) is ("MESSAGES = (" in text)


def test_what_is_written_passes_the_linter(folder: Path) -> None:
    for command in (("check",), ("format", "--check")):
        rules = ("--config", str(ROOT / "pyproject.toml"))
        ran = subprocess.run([sys.executable, "-m", "ruff", *command, *rules, str(folder)], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("kinds", KINDS, ids=name_of)
def test_every_element_of_its_samples_is_sent_or_dropped_for_a_reason_that_is_needed(kinds: Kinds, folder: Path) -> None:
    integration = load(kinds)
    found = [fate for _, fate in all_fates(integration)]
    assert sorted({fate.path for fate in found if fate.fate == "lost"}) == []
    assert set(integration.dropped.values()) <= {fate.reason for fate in found}


@pytest.mark.parametrize("kinds", REPRESENTATIVE, ids=name_of)
def test_no_text_of_a_message_is_in_its_verdict(kinds: Kinds, folder: Path) -> None:
    """Every field a canary: neither the verdict nor a fault shows one."""
    integration = load(kinds)
    for sample in samples.accepted(integration):
        nest = Nest()
        filled = as_many_as_pass(integration, sample.envelope, nest)
        ran = check.run(integration, filled)
        assert ran.verdict.accepted
        assert nest.made
        shown = repr([(issue.where, issue.text, issue.rule) for issue in (*ran.verdict.issues, *ran.faults)])
        assert nest.found_in(shown) == set()


def test_openapi_and_the_record_of_processing_have_all_of_them(folder: Path) -> None:
    every_one = [load(kinds) for kinds in KINDS]
    paths = document(every_one)["paths"]
    assert {f"/api/v1/{one.name}" for one in every_one if any(isinstance(each, Http) for each in one.triggers)} <= set(paths)
    listed = record_of_processing(every_one)
    assert [one.name for one in every_one if one.name not in listed] == []


@pytest.mark.parametrize("kinds", REPRESENTATIVE, ids=name_of)
def test_its_mapping_sheet_names_its_samples_places(kinds: Kinds, folder: Path) -> None:
    integration = load(kinds)
    assert sheet(integration).startswith(f"# {integration.name}: mapping sheet")
    assert "PLACES" in places(integration)
