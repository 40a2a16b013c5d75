"""A referral that leaves as REF^I12 reads back to the same referral; its attachments are whole; large ones pass."""

import base64
import json
import resource as system
from typing import Any

import pytest

from integrations import load
from shared import check
from shared.envelope import Envelope
from shared.hl7 import parse
from shared.mapping import to_bundle
from toolkit.samples import Sample, accepted

REFERRALS = load("referrals-to-pas")
LARGE = 10 * 1024 * 1024


def of(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == kind]


def sent_and_read_back(sample: Sample) -> tuple[dict[str, Any], dict[str, Any]]:
    ran = check.run(REFERRALS, sample.envelope)
    return json.loads(sample.body), to_bundle(parse(ran.outgoing[0].body))


@pytest.mark.parametrize("sample", accepted(REFERRALS), ids=lambda each: each.name)
def test_what_leaves_reads_back_to_the_same_referral(sample: Sample) -> None:
    sent, back = sent_and_read_back(sample)
    asked, read = of(sent, "ServiceRequest")[0], of(back, "ServiceRequest")[0]
    assert read["identifier"][0]["value"] == asked["identifier"][0]["value"]
    assert [reason.get("text") for reason in read.get("reasonCode", [])] == [r.get("text") for r in asked.get("reasonCode", [])]
    assert read["status"] == asked["status"]
    patient, same = of(sent, "Patient")[0], of(back, "Patient")[0]
    assert same["name"][0]["family"] == patient["name"][0]["family"]
    assert same["birthDate"] == patient["birthDate"]
    assert {i["value"] for i in patient["identifier"]} == {i["value"] for i in same["identifier"]}


@pytest.mark.slow
def test_an_attachment_of_ten_megabytes_passes_whole_in_bounded_memory() -> None:
    document = json.loads(next(each for each in accepted(REFERRALS) if each.name == "urgent_with_letter").body)
    data = base64.b64encode(b"%PDF-" + bytes(range(256)) * (LARGE // 256)).decode()
    of(document, "DocumentReference")[0]["content"][0]["attachment"]["data"] = data
    before = system.getrusage(system.RUSAGE_SELF).ru_maxrss
    envelope = Envelope(
        integration="referrals-to-pas",
        body=json.dumps(document).encode(),
        received_at="2026-05-01T09:30:00.000Z",
        content_type="application/fhir+json",
    )
    ran = check.run(REFERRALS, envelope)
    grown = (system.getrusage(system.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert data.encode() in ran.outgoing[0].body
    assert grown < 12 * len(data)
