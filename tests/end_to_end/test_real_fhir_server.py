"""What the integrations send is stored by a real FHIR server, and stored once when it is sent twice.

The server checks against the base definitions; the national profiles are not loaded there, so that claims of them are taken off
(the reference validator checks them: tests/shared/fhir/validation/test_second_opinions.py).
"""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from integrations import load
from shared import check
from shared.destinations.fhir_server import FhirServer
from shared.envelope import Outgoing
from shared.fhir.resource import Decimal, to_json
from toolkit.local.simulators.cdr import Cdr
from toolkit.samples import accepted

pytestmark = pytest.mark.slow
TO_CDR = (
    "lims-results-to-cdr",
    "pas-adt-to-cdr",
    "vaccinations-to-cdr",
    "documents-to-cdr",
    "wpas-to-cdr",
    "clinic-appointments-to-cdr",
)
NOT_WITH_OTHERS = (
    "ipt_to_a_hospital",
)  # without a visit number: found by the number of the pathway, which two other samples have
TYPES = (
    "Patient",
    "Observation",
    "DiagnosticReport",
    "Encounter",
    "Immunization",
    "Specimen",
    "DocumentReference",
    "Condition",
    "Appointment",
)


def without_claims(body: bytes) -> bytes:
    bundle = json.loads(body, parse_float=Decimal)
    for entry in bundle["entry"]:
        entry["resource"].get("meta", {}).pop("profile", None)
        if not entry["resource"].get("meta", True):
            del entry["resource"]["meta"]
    return to_json(bundle)


async def stored(url: str) -> dict[str, int]:
    """How many resources of each type the server holds."""
    counts = {}
    async with aiohttp.ClientSession() as session:
        for kind in TYPES:
            headers = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"}
            async with session.get(f"{url}/{kind}?_summary=count", headers=headers) as answer:
                counts[kind] = (await answer.json(content_type=None))["total"]
    return counts


@pytest.fixture(params=["simulator", "real"])
async def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    if request.param == "real":
        url = request.getfixturevalue("real_fhir_server")
        monkeypatch.setenv("CDR__URL", url)
        monkeypatch.setenv("CDR__TIMEOUT", "240")  # not a test of time: the server shares the machine with other tests
        yield url
        return
    async with Running(Cdr) as url:
        monkeypatch.setenv("CDR__URL", url)
        yield url


class Running:
    """A simulator as a context."""

    def __init__(self, kind: Callable[[], Any]) -> None:
        self._simulator = kind()

    async def __aenter__(self) -> str:
        await self._simulator.start()
        return str(self._simulator.url)

    async def __aexit__(self, *_: object) -> None:
        await self._simulator.stop()


@pytest.mark.timeout(900)
async def test_sent_twice_is_stored_once(server: str) -> None:
    bodies = [
        (load(name).destination, part.body)
        for name in TO_CDR
        for sample in accepted(load(name))
        if sample.name not in NOT_WITH_OTHERS
        for part in check.run(load(name), sample.envelope).outgoing
    ]
    assert len(bodies) > 40
    counts = []
    try:
        for _ in range(2):
            for destination, body in bodies:
                await destination.deliver(Outgoing("application/fhir+json", without_claims(body)))
            counts.append(await stored(server))
    finally:
        await FhirServer("CDR").close()
    assert counts[0] == counts[1]
    assert counts[0]["Patient"] > 10
    assert counts[0]["Observation"] > 20
    assert counts[0]["Appointment"] > 5


@pytest.mark.timeout(900)
async def test_the_same_in_xml(server: str) -> None:
    """Patients that are read, merged and written, and transfers, as XML in both directions."""
    destination = FhirServer("CDR", format="xml")
    counts = []
    try:
        for _ in range(2):
            for sample in accepted(load("wpas-to-cdr")):
                made = () if sample.name in NOT_WITH_OTHERS else check.run(load("wpas-to-cdr"), sample.envelope).outgoing
                for part in made:
                    await destination.deliver(Outgoing("application/fhir+json", without_claims(part.body)))
            counts.append(await stored(server))
    finally:
        await destination.close()
    assert counts[0] == counts[1]
    assert counts[0]["Patient"] > 3
    assert counts[0]["Encounter"] > 0
