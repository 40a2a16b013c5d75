"""One verdict in three voices: ERR segment, OperationOutcome with translations, and plain English and Welsh."""

import json
from typing import Any

import orjson
import pytest
from lxml import etree

from integrations import load
from shared.check import check
from shared.envelope import Answer, Envelope
from shared.fhir import check as check_fhir
from shared.fhir.outcome import TRANSLATION, outcome
from shared.fhir.xml.read import read
from shared.hl7 import parse
from shared.issue import Issue
from shared.voices import languages, plain
from toolkit.samples import samples

ISSUE = Issue(severity="error", code="required", text="no family name", where="PID-5", rule="patient-name")


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        *(("cy", ("cy", "en")), ("CY-GB", ("cy", "en")), ("en, cy;q=0.5", ("en", "cy")), ("cy;q=0.5, en;q=0.5", ("cy", "en"))),
        *(("", ()), ("en-GB,en;q=0.9", ()), ("*", ()), ("fr, *;q=0.5", ()), ("cy;q=0", ()), ("cy;q=x", ()), ("cymru", ())),
        (f"{'x,' * 200}cy", ()),
    ],
)
def test_languages_of_a_caller(accept: str, wanted: tuple[str, ...]) -> None:
    assert languages(accept) == wanted


def test_plain_english_and_welsh() -> None:
    english, welsh = plain(ISSUE, "en"), plain(ISSUE, "cy")
    assert english.text == (
        "PID-5: The patient has no name. Expected: A family name in PID-5. "
        "Correct the message in the sending system and send it again."
    )
    assert welsh.text == (
        "PID-5: Nid oes enw gan y claf. Disgwylir: Cyfenw yn PID-5. Cywirwch y neges yn y system sy'n anfon, ac anfonwch hi eto."
    )


@pytest.mark.parametrize(
    ("rule", "severity", "begins"),
    [
        ("patient-name", "error", "Correct"),
        ("table-code", "warning", "The message is not rejected"),
        ("padding", "information", "The message is not rejected"),
        ("storage-away", "error", "Send the same message again later"),
        ("version", "error", "Check the address"),
        ("fault", "fatal", "Do not change the message"),
        ("more-findings", "information", "You do not have to"),
    ],
)
def test_what_to_do_depends_on_the_rule_and_its_severity(rule: str, severity: Any, begins: str) -> None:
    assert plain(ISSUE._replace(rule=rule, severity=severity), "en").action.startswith(begins)


def test_a_rule_that_is_unknown_has_a_text_too() -> None:
    assert plain(ISSUE._replace(rule="of-tomorrow"), "cy").wrong


def test_an_outcome_without_a_wish_is_as_it_was() -> None:
    assert outcome([ISSUE]) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "required",
                "details": {"coding": [{"system": "urn:x-hub:rule", "code": "patient-name"}], "text": "no family name"},
                "expression": ["PID-5"],
            }
        ],
    }


def test_an_outcome_with_a_translation_is_valid_fhir() -> None:
    made = outcome([ISSUE, Issue(severity="information", code="informational", text="nothing")], ("cy", "en"))
    details = made["issue"][0]["details"]
    assert made["language"] == "cy"
    assert details["text"] == plain(ISSUE, "cy").text
    assert details["coding"][0]["display"] == "no family name"
    [extension] = details["_text"]["extension"]
    assert extension["url"] == TRANSLATION
    assert extension["extension"] == [
        {"url": "lang", "valueCode": "en"},
        {"url": "content", "valueString": plain(ISSUE, "en").text},
    ]
    assert check_fhir(made) == []


def answered(name: str, sample: str, **headers: str) -> Answer:
    integration = load(name)
    body = next(each.body for each in samples(integration) if each.name == sample)
    kept = {key.replace("_", "-"): value for key, value in headers.items()}
    return check(integration, Envelope(integration=name, body=body, received_at="2026-02-02T02:40:00.000Z", headers=kept)).answer


def test_the_same_issue_in_all_voices() -> None:
    hl7 = answered("phw-to-mpi", "rejected_two_findings", accept_language="cy")
    fhir = answered("phw-to-mpi", "rejected_two_findings", accept="application/fhir+json", accept_language="cy, en;q=0.5")
    short = answered("phw-to-mpi", "rejected_two_findings", accept="application/fhir+json", accept_language="en-GB")
    errors = [segment["5"] for segment in parse(hl7.body).segments("ERR")]
    found = orjson.loads(fhir.body)["issue"]
    assert [issue["details"]["coding"][0]["code"] for issue in found] == errors
    assert [issue["expression"] for issue in found] == [issue["expression"] for issue in orjson.loads(short.body)["issue"]]
    assert [issue["details"]["coding"][0]["display"] for issue in found] == [
        issue["details"]["text"] for issue in orjson.loads(short.body)["issue"]
    ]
    assert "Disgwylir" in found[0]["details"]["text"]
    assert (fhir.headers["Content-Language"], fhir.headers["Vary"]) == ("cy", "Accept-Language")
    assert "Content-Language" not in {**short.headers, **hl7.headers}


def test_in_fhir_xml_and_for_a_table_too() -> None:
    xml = answered("phw-to-mpi", "rejected_two_findings", accept="application/fhir+xml", accept_language="cy")
    assert read(etree.fromstring(xml.body))["issue"][0]["details"]["_text"]["extension"][0]["url"] == TRANSLATION
    table = answered("clinic-appointments-to-cdr", "rejected_wrong_cells", accept="application/fhir+json", accept_language="cy")
    assert json.loads(table.body)["language"] == "cy"
