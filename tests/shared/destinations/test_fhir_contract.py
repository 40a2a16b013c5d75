"""The same calls against the simulated repository and a real FHIR server: what the destination relies on holds for both."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from shared.destinations.fhir_server import FhirServer
from shared.envelope import Outgoing
from shared.fhir import entry
from shared.problems import Undelivered
from tests.shared.destinations.transactions import (
    IDS,
    PAS,
    admission,
    bundle,
    merge,
    observation,
    outgoing,
    patient,
    results,
    token,
)
from toolkit.local.simulators.cdr import Cdr

CDR = FhirServer("CDR")
pytestmark = pytest.mark.timeout(900)  # a real server takes its time to start


@pytest.fixture(params=["simulator", pytest.param("server", marks=pytest.mark.slow)])
async def base(request: pytest.FixtureRequest, settings: Callable[..., None]) -> AsyncIterator[str]:
    simulator = Cdr()
    await simulator.start()
    url = simulator.url if request.param == "simulator" else request.getfixturevalue("real_fhir_server")
    settings("CDR", URL=url)
    yield url
    await CDR.close()
    await simulator.stop()


def fresh(what: Outgoing, prefix: str = "") -> Outgoing:
    """The same with ids of its own, so that tests do not meet on a server."""
    return what._replace(body=what.body.replace(IDS[1][:24].encode(), (prefix or str(uuid4())[:24]).encode()))


@pytest.fixture
def who() -> str:
    return uuid4().hex


async def found(base: str, kind: str, **query: str) -> list[dict[str, Any]]:
    headers = {"Cache-Control": "no-cache"}
    async with aiohttp.ClientSession() as http, http.post(f"{base}/{kind}/_search", data=query, headers=headers) as answer:
        return [each["resource"] for each in (await answer.json(content_type=None)).get("entry", [])]


async def patients(base: str, who: str) -> list[dict[str, Any]]:
    return await found(base, "Patient", identifier=f"{PAS}|{who}")


async def failure(what: Outgoing) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await CDR.deliver(what)
    return caught.value


async def post(base: str, *entries: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/fhir+json"}
    async with aiohttp.ClientSession() as http:
        body = fresh(Outgoing("", json.dumps(bundle(*entries)).encode())).body
        async with http.post(base, data=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)


async def test_twice_sent_is_once_stored(base: str, who: str) -> None:
    what = fresh(results(who))
    await CDR.deliver(what)
    await CDR.deliver(what)
    (someone,) = await patients(base, who)
    (result,) = await found(base, "Observation", subject=f"Patient/{someone['id']}")
    assert (result["meta"]["versionId"], result["valueQuantity"]["value"]) == ("1", 7.4)


async def test_if_none_exist_says_200_the_second_time(base: str, who: str) -> None:
    one = entry(patient(value=who), if_none_exist=token(PAS, who))
    for expected in ("201", "200"):
        status, answered = await post(base, one)
        assert (status, answered["entry"][0]["response"]["status"][:3]) == (200, expected)


async def test_a_search_by_identifier_finds_it_either_way(base: str, who: str) -> None:
    await CDR.deliver(fresh(results(who)))
    (someone,) = await patients(base, who)
    async with aiohttp.ClientSession() as http, http.get(f"{base}/Patient", params={"identifier": f"{PAS}|{who}"}) as answer:
        (again,) = (await answer.json(content_type=None))["entry"]
    assert again["resource"]["id"] == someone["id"]
    assert not await patients(base, "noone")


async def test_a_conditional_reference_leads_to_the_patient(base: str, who: str) -> None:
    await CDR.deliver(fresh(results(who)))
    await CDR.deliver(fresh(outgoing(observation(subject=f"Patient?identifier={PAS}|{who}"))))
    (someone,) = await patients(base, who)
    assert len(await found(base, "Observation", subject=f"Patient/{someone['id']}")) == 2


async def test_a_conditional_reference_that_leads_nowhere_stores_nothing(base: str, who: str) -> None:
    what = outgoing(patient(value=who), observation(subject=f"Patient?identifier={PAS}|noone-{who}"))
    await failure(fresh(what))
    assert not await patients(base, who)


async def test_an_old_version_is_refused(base: str, who: str) -> None:
    await CDR.deliver(fresh(results(who)))
    (someone,) = await patients(base, who)
    for expected, version in ((200, "1"), (409, "1"), (200, "2")):
        changed = {**someone, "language": f"cy-{expected}{version}"}
        request = {"method": "PUT", "url": f"Patient/{someone['id']}", "ifMatch": f'W/"{version}"'}
        status, _ = await post(base, {"fullUrl": f"urn:uuid:{uuid4()}", "resource": changed, "request": request})
        assert 409 if status == 412 else status == expected


@pytest.mark.parametrize("wrong", [{"birthDate": "yesterday"}, {"gender": "M"}, {"nosuch": "element"}, {"name": "Ann"}])
async def test_what_is_not_valid_is_refused_for_good_and_nothing_is_stored(base: str, who: str, wrong: dict[str, Any]) -> None:
    what = outgoing(patient(number=3, value=who), patient(value=f"{who}-wrong", **wrong))
    problem = await failure(fresh(what))
    assert problem.kind == "permanent"
    assert problem.detail
    assert not await patients(base, who)


async def test_field_by_field(base: str, who: str) -> None:
    before = patient(value=who, gender="male", birthDate="1970-01-01", telecom=[{"system": "phone", "value": "1"}])
    await CDR.deliver(fresh(outgoing(before)))
    await CDR.deliver(fresh(admission(who, ("telecom",), gender="female")))
    (someone,) = await patients(base, who)
    assert (someone["gender"], someone["birthDate"], someone["meta"]["versionId"]) == ("female", "1970-01-01", "2")
    assert "telecom" not in someone


async def test_two_at_once_make_one_patient_and_lose_nothing(base: str, who: str) -> None:
    both = (admission(who, gender="female"), admission(who, birthDate="1970-01-01"))
    await asyncio.gather(*(until_taken(fresh(what)) for what in both))
    (someone,) = await patients(base, who)
    assert (someone["gender"], someone["birthDate"]) == ("female", "1970-01-01")


async def until_taken(what: Outgoing) -> None:
    """As the pipeline would: again while it may help."""
    for _ in range(10):
        try:
            await CDR.deliver(what)
        except Undelivered as problem:
            if problem.kind != "transient":
                raise
        else:
            return
    pytest.fail("never taken")


async def test_an_a40_links_both_patients_and_moves_nothing(base: str, who: str) -> None:
    await CDR.deliver(fresh(results(f"{who}b")))
    what = fresh(merge(f"{who}a", f"{who}b"))
    for _ in range(2):
        await CDR.deliver(what)
    (survivor,), (other,) = await patients(base, f"{who}a"), await patients(base, f"{who}b")
    assert (survivor["active"], other["active"]) == (True, False)
    assert survivor["link"] == [{"other": {"reference": f"Patient/{other['id']}"}, "type": "replaces"}]
    assert other["link"] == [{"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}]
    assert other["name"][0]["family"] == "Llewelyn"
    assert len(await found(base, "Observation", subject=f"Patient/{other['id']}")) == 1


async def test_a_document_that_goes_ahead(base: str) -> None:
    prefix, pdf = str(uuid4())[:24], b"%PDF-1.4 " + bytes(range(256)) * 500
    binary = {
        "resourceType": "Binary",
        "id": IDS[9],
        "contentType": "application/pdf",
        "data": base64.b64encode(pdf).decode(),
    }
    attachment = {"contentType": "application/pdf", "url": f"urn:uuid:{IDS[9]}"}
    document = {"resourceType": "DocumentReference", "id": IDS[8], "status": "current", "content": [{"attachment": attachment}]}
    what = fresh(outgoing(binary, document), prefix)
    for _ in range(2):
        await FhirServer("CDR", large=1000).deliver(what)
    url = f"Binary/{prefix}{IDS[9][24:]}"
    (stored,) = await found(base, "DocumentReference", _id=f"{prefix}{IDS[8][24:]}")
    assert stored["content"][0]["attachment"]["url"].endswith(url)
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{base}/{url}", headers={"Accept": "application/fhir+json"}) as answer,
    ):
        assert base64.b64decode((await answer.json(content_type=None))["data"]) == pdf
