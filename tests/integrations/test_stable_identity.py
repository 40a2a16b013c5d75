"""Nothing leaves for a FHIR server under an id of the message, unless the declaration says so, with a reason.

Seen from outside: a message and the same message under another control id must write to the same places. Also with each number
left out in turn: then the message is refused, or what it writes is still found again.
"""

import re
from collections.abc import Iterator
from dataclasses import replace as changed
from itertools import islice
from typing import Any

import orjson
import pytest

from integrations import load_all
from shared import check
from shared.envelope import Envelope
from shared.fhir.profile import FhirProfile
from shared.formats import leaves
from shared.hl7 import Message, compose, replace
from shared.integration import Integration
from toolkit.samples import Sample, accepted

FHIR = [each for each in load_all() if isinstance(each.outgoing, FhirProfile)]
# Fields with numbers that an identity may come from.
NUMBERS = ("PID-3", "PID-18", "PID-21", "MRG-1", "PV1-19", "ORC-2", "ORC-3", "OBR-2", "OBR-3", "TXA-12", "SPM-2", "IN1-36")
LATER = re.compile(r"\[\d+\]")
TRIED = 3  # samples of an integration in which each number is left out


def writes(integration: Integration, body: bytes, envelope: Envelope) -> list[tuple[str, Any]] | None:
    """The type and the request of each entry; ``None`` if the message is refused or waits."""
    ran = check.run(integration, changed(envelope, body=body))
    if not ran.outgoing:
        return None
    entries = orjson.loads(ran.outgoing[0].body)["entry"]
    return [(each["resource"]["resourceType"], each["request"]) for each in entries]


def under_another_id(integration: Integration, sample: Sample, read: Any) -> bytes | None:
    """The same message with another control id; ``None`` where its id is that of what it is about."""
    if isinstance(read, Message):
        header, *others = read.segments()
        return compose(read, [replace(header, {"10": "ANOTHER"}), *others]).encode()
    if isinstance(read, dict):
        return orjson.dumps({**read, "id": "ANOTHER"})
    if "TRANSACTION_ID" in sample.body.decode("latin-1"):
        number = sample.body.partition(b"<TRANSACTION_ID>")[2].partition(b"<")[0]
        return sample.body.replace(number, b"99999", 1)
    return None


def undeclared(integration: Integration, sample: Sample, body: bytes, read: Any) -> set[str]:
    """The types whose entries go to another place when the control id is another one."""
    assert isinstance(integration.outgoing, FhirProfile)
    other = under_another_id(integration, sample, read)
    old = writes(integration, body, sample.envelope)
    new = writes(integration, other, sample.envelope) if other and old else None
    if old is None or new is None:
        return set()
    return {one[0] for one, two in zip(old, new, strict=True) if one[1] != two[1]} - set(integration.outgoing.new_id)


@pytest.mark.parametrize("integration", FHIR, ids=lambda each: each.name)
def test_no_sample_writes_under_an_id_of_the_message_undeclared(integration: Integration) -> None:
    found = {
        sample.name: types
        for sample in accepted(integration)
        if (types := undeclared(integration, sample, sample.body, integration.source.read(sample.envelope)))
    }
    assert found == {}


def without_numbers(message: Message) -> Iterator[Message]:
    """The message without each number, and without the authority of each."""
    for leaf in leaves(message):
        if LATER.sub("", leaf.path).partition(".")[0] in NUMBERS:
            yield leaf.changed("")


@pytest.mark.parametrize("integration", [each for each in FHIR if "hl7v2" in each.source.format], ids=lambda each: each.name)
def test_nor_does_one_without_a_number(integration: Integration) -> None:
    tried = 0
    for sample in islice((each for each in accepted(integration) if each.extension == "hl7"), TRIED):
        read = integration.source.read(sample.envelope)
        for message in without_numbers(read):
            tried += 1
            assert undeclared(integration, sample, message.encode(), message) == set()
    assert tried > 5


@pytest.mark.parametrize("integration", FHIR, ids=lambda each: each.name)
def test_a_declared_type_has_a_reason(integration: Integration) -> None:
    assert isinstance(integration.outgoing, FhirProfile)
    reasons = {**integration.outgoing.same_id, **integration.outgoing.new_id}
    assert all(kind[:1].isupper() and len(reason) > 15 for kind, reason in reasons.items())
    assert not set(integration.outgoing.same_id) & set(integration.outgoing.new_id)


@pytest.mark.parametrize(
    ("name", "segment", "fields", "rule"),
    [
        ("documents-to-cdr", "TXA", {"12": ("", "WCRS")}, "document-number"),
        ("vaccinations-to-cdr", "ORC", {"2": ("", "WIS"), "3": ("", "WIS")}, "vaccination-number"),
    ],
)
def test_an_authority_without_its_number_is_no_number(name: str, segment: str, fields: Any, rule: str) -> None:
    """Every such message would write to the same place, over the document of another patient."""
    integration = next(each for each in FHIR if each.name == name)
    sample = next(each for each in accepted(integration) if each.extension == "hl7")
    read = integration.source.read(sample.envelope)
    emptied = compose(read, [replace(each, fields) if each.name == segment else each for each in read.segments()])
    ran = check.run(integration, changed(sample.envelope, body=emptied.encode()))
    assert (ran.verdict.accepted, [issue.rule for issue in ran.verdict.issues if issue.is_error]) == (False, [rule])
