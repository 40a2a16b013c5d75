"""FHIR in XML to and from a server: the same requests, answers and failures as in JSON."""

from collections.abc import AsyncIterator, Callable

import pytest

from shared.destinations.fhir_server import FhirServer
from shared.destinations.fhir_xml import XML, as_json, as_xml
from shared.destinations.wire.https import Reply
from shared.envelope import Receipt
from shared.problems import Undelivered
from tests.shared.destinations.test_fhir_server import FAILURES, held
from tests.shared.destinations.transactions import admission, observation, outgoing, patient, results
from tests.waiting import PATIENCE
from toolkit.local.simulators.cdr import Cdr

Settings = Callable[..., None]
SERVER = FhirServer("CDR", format="xml")
SLOW = ("late", "never", "huge")  # about time and size alone: test_fhir_server.py has them


@pytest.fixture
async def cdr(settings: Settings) -> AsyncIterator[Cdr]:
    async with Cdr() as simulator:
        settings("CDR", URL=simulator.url, TIMEOUT=PATIENCE)
        yield simulator
        await SERVER.close()


async def test_what_is_stored_is_what_was_sent(cdr: Cdr) -> None:
    for _ in range(2):
        assert await SERVER.deliver(results()) == Receipt("stored")
    (someone,), (result,) = held(cdr, "Patient"), held(cdr, "Observation")
    assert someone["name"] == patient()["name"]
    assert result["valueQuantity"] == observation()["valueQuantity"]


async def test_a_patient_is_read_merged_and_written(cdr: Cdr) -> None:
    await SERVER.deliver(admission(gender="female", birthDate="1970-02-28"))
    await SERVER.deliver(admission(removed=("birthDate",), telecom=[{"system": "phone", "value": "1"}]))
    (someone,) = held(cdr, "Patient")
    assert someone["gender"] == "female"
    assert someone["telecom"] == [{"system": "phone", "value": "1"}]
    assert "birthDate" not in someone


@pytest.mark.parametrize("behaviour", [each for each in FAILURES if not each.startswith(SLOW)])
async def test_a_failure_is_what_it_is_in_json(cdr: Cdr, behaviour: str) -> None:
    cdr.script.will(behaviour, *([behaviour] if behaviour == "status:401" else []))
    what = outgoing(patient()) if behaviour == "entry-failed" else results()
    with pytest.raises(Undelivered) as caught:
        await SERVER.deliver(what)
    problem = caught.value
    assert (problem.kind, problem.code, problem.ambiguous, problem.retry_after, cdr.stored) == FAILURES[behaviour]


def test_an_answer_that_cannot_be_read_has_no_body() -> None:
    for body in (b"<Bundle", b"<html/>", b"", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'):
        assert as_json(Reply(200, {"content-type": XML}, body)).body == b""


def test_decimals_keep_their_digits() -> None:
    body = b'{"resourceType":"Observation","status":"final","code":{"text":"K"},"valueQuantity":{"value":7.40}}'
    assert as_json(Reply(200, {"content-type": XML}, as_xml(body))).body == body
