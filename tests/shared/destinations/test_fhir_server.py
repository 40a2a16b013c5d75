"""The FHIR server destination against the simulated repository, in every mood."""

import asyncio
import base64
import json
import random
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import pytest

from shared import long_texts
from shared.destinations.fhir_server import FhirServer
from shared.destinations.wire import authority as who
from shared.destinations.wire import https
from shared.envelope import Outgoing, Receipt
from shared.fhir import entry
from shared.fhir.bundle import kept_file
from shared.fhir.merge import prepare
from shared.fhir.resource import to_json_apart
from shared.problems import Undelivered
from shared.storage.store import Away
from tests.peak import at_most
from tests.shared.destinations.authority import Authority
from tests.shared.destinations.transactions import (
    IDS,
    NHS,
    PAS,
    admission,
    merge,
    observation,
    outgoing,
    patient,
    results,
    token,
)
from tests.waiting import PATIENCE
from toolkit.local.simulators.cdr import Cdr
from toolkit.local.simulators.cdr_store import Refused

Settings = Callable[..., None]


@pytest.fixture
async def cdr(settings: Settings) -> AsyncIterator[Cdr]:
    async with Cdr() as simulator:
        settings("CDR", URL=simulator.url, TIMEOUT=PATIENCE)
        yield simulator
        await FhirServer("CDR").close()


async def failure(what: Outgoing | None = None) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await FhirServer("CDR").deliver(what or results())
    return caught.value


def held(cdr: Cdr, kind: str) -> list[dict[str, Any]]:
    return cdr.store.of_type(kind)


async def test_twice_sent_is_once_stored(cdr: Cdr) -> None:
    for _ in range(2):
        assert await FhirServer("CDR").deliver(results()) == Receipt("stored")
    (someone,), (result,) = held(cdr, "Patient"), held(cdr, "Observation")
    assert result["subject"]["reference"] == f"Patient/{someone['id']}"
    assert result["id"] == IDS[2]
    assert {versions[-1]["meta"]["versionId"] for versions in cdr.store.versions.values()} == {"1"}


async def test_the_transaction_goes_as_it_is_when_nothing_is_to_be_done(cdr: Cdr) -> None:
    body = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry(patient())]}, indent=3)
    await FhirServer("CDR").deliver(Outgoing("application/fhir+json", body.encode()))
    assert cdr.requests == ["POST /fhir"]
    assert cdr.received == [json.loads(body)]


FAILURES = {  # behaviour: kind, code, ambiguous, Retry-After, stored
    "busy:7": ("transient", "http-429", False, 7, 0),
    "away:3": ("transient", "http-503", False, 3, 0),
    "status:500": ("transient", "http-500", True, 0, 0),
    "status:400": ("permanent", "http-400", False, 0, 0),
    "status:422": ("permanent", "http-422", False, 0, 0),
    "status:409": ("transient", "http-409", False, 0, 0),
    "status:412": ("transient", "http-412", False, 0, 0),
    "status:401": ("misconfigured", "http-401", False, 0, 0),
    "status:403": ("misconfigured", "http-403", False, 0, 0),
    "status:404": ("misconfigured", "http-404", False, 0, 0),
    "redirect": ("misconfigured", "http-307", False, 0, 0),
    "html": ("misconfigured", "not-fhir", False, 0, 0),
    "outcome-error": ("permanent", "outcome-error", False, 0, 0),
    "entry-failed": ("permanent", "entry-422", False, 0, 0),
    "short": ("transient", "reply-odd", True, 0, 1),
    "cut": ("transient", "line-broken", True, 0, 1),
    "reset": ("transient", "line-broken", True, 0, 1),
    "drop": ("transient", "line-broken", True, 0, 0),
    "late:3": ("transient", "timeout", True, 0, 1),
    "never": ("transient", "timeout", True, 0, 0),
    "huge": ("transient", "reply-too-large", True, 0, 1),
}


@pytest.mark.parametrize("behaviour", FAILURES)
async def test_failures_are_distinguished_and_the_next_attempt_is_not_disturbed(
    cdr: Cdr, behaviour: str, settings: Settings
) -> None:
    settings("CDR", TIMEOUT=2 if FAILURES[behaviour][1] == "timeout" else PATIENCE)
    cdr.script.will(behaviour, *([behaviour] if behaviour == "status:401" else []))
    what = outgoing(patient()) if behaviour == "entry-failed" else results()
    problem = await failure(what)
    assert (problem.kind, problem.code, problem.ambiguous, problem.retry_after, cdr.stored) == FAILURES[behaviour]
    assert "configured to refuse" not in str(problem) + problem.issues[0].text
    await FhirServer("CDR").deliver(what)
    assert len(held(cdr, "Patient")) == 1


async def test_the_server_s_words_are_kept_for_the_dead_letter(cdr: Cdr) -> None:
    problem = await failure(outgoing(patient(birthDate="yesterday")))
    assert (problem.kind, problem.code) == ("permanent", "http-422")
    assert problem.detail.startswith("error invalid Patient.birthDate")
    assert not cdr.store.versions


async def test_what_is_no_transaction_is_never_sent(cdr: Cdr) -> None:
    for body in (b"MSH|", b"[]", b'{"resourceType":"Patient"}'):
        assert (await failure(Outgoing("application/fhir+json", body))).code == "no-transaction"
    assert not cdr.requests


# Read, merge, write


async def test_an_unknown_patient_is_created(cdr: Cdr) -> None:
    await FhirServer("CDR").deliver(admission(gender="female", removed=("birthDate",)))
    (someone,) = held(cdr, "Patient")
    assert someone["gender"] == "female"
    assert "extension" not in cdr.received[0]["entry"][0]


async def test_absent_is_kept_null_is_removed_and_a_value_replaces(cdr: Cdr) -> None:
    cdr.store.put(
        ("Patient", "7"),
        patient(
            identifier=[{"system": PAS, "value": "P1"}, {"system": NHS, "value": "9990000018"}],
            gender="male",
            birthDate="1970-01-01",
            telecom=[{"system": "phone", "value": "1"}],
            deceasedBoolean=False,
        ),
    )
    what = admission(gender="female", deceasedDateTime="2024-05-01", removed=("telecom",))
    await FhirServer("CDR").deliver(what)
    (someone,) = held(cdr, "Patient")
    assert (someone["id"], someone["meta"]["versionId"]) == ("7", "2")
    assert (someone["gender"], someone["birthDate"], someone["deceasedDateTime"]) == ("female", "1970-01-01", "2024-05-01")
    assert {"telecom", "deceasedBoolean"}.isdisjoint(someone)
    assert {each["system"] for each in someone["identifier"]} == {PAS, NHS}


async def test_no_identifier_stands_in_a_url(cdr: Cdr) -> None:
    await FhirServer("CDR").deliver(admission("P17"))
    await FhirServer("CDR").deliver(admission("P17", gender="male"))
    assert not [line for line in cdr.requests if "P17" in line]
    assert cdr.requests[0] == "POST /fhir/Patient/_search"


async def test_what_else_is_in_the_bundle_leads_to_the_patient_that_is_held(cdr: Cdr) -> None:
    cdr.store.put(("Patient", "7"), patient())
    await FhirServer("CDR").deliver(outgoing(entry(patient(), merge=token(PAS, "P1")), observation()))
    assert held(cdr, "Observation")[0]["subject"]["reference"] == "Patient/7"


async def test_overtaken_between_read_and_write_it_reads_again(cdr: Cdr) -> None:
    cdr.store.put(("Patient", "7"), patient())
    cdr.script.will("overtaken")
    await FhirServer("CDR").deliver(admission(gender="female"))
    (someone,) = held(cdr, "Patient")
    assert (someone["gender"], someone["language"]) == ("female", "x-1")
    assert len(cdr.received) == 2


async def test_overtaken_again_and_again_the_message_waits_for_its_next_attempt(cdr: Cdr) -> None:
    cdr.store.put(("Patient", "7"), patient())
    cdr.script.always("overtaken")
    problem = await failure(admission(gender="female"))
    assert (problem.kind, problem.code, problem.ambiguous) == ("transient", "http-412", False)


async def test_two_admissions_at_once_make_one_patient_and_lose_nothing(cdr: Cdr) -> None:
    cdr.script.will("slow:0.05", "slow:0.05")
    await asyncio.gather(
        FhirServer("CDR").deliver(admission(gender="female")), FhirServer("CDR").deliver(admission(birthDate="1970-01-01"))
    )
    (someone,) = held(cdr, "Patient")
    assert (someone["gender"], someone["birthDate"]) == ("female", "1970-01-01")


async def test_a_merge_links_both_and_twice_makes_no_second_link(cdr: Cdr) -> None:
    cdr.store.put(("Patient", "7"), patient(value="P1", gender="male"))
    cdr.store.put(("Patient", "8"), patient(value="P2", gender="male"))
    for _ in range(2):
        await FhirServer("CDR").deliver(merge())
    survivor, other = cdr.store.current("Patient", "7"), cdr.store.current("Patient", "8")
    assert (survivor["active"], survivor["link"]) == (True, [{"other": {"reference": "Patient/8"}, "type": "replaces"}])
    assert (other["active"], other["link"]) == (False, [{"other": {"reference": "Patient/7"}, "type": "replaced-by"}])
    assert (survivor["gender"], survivor["meta"]["versionId"]) == ("male", "2")


async def test_a_merge_of_two_numbers_of_one_patient_changes_its_number(cdr: Cdr) -> None:
    """The server has both numbers in one patient: it gets no link to itself, and keeps the replaced number as an old one."""
    numbers = [{"system": NHS, "value": "9990400008"}, {"system": PAS, "value": "P2"}]
    await FhirServer("CDR").deliver(outgoing(patient(number=5, identifier=numbers, gender="female")))
    link = [{"other": {"reference": f"urn:uuid:{IDS[3]}"}, "type": "replaces"}]
    survivor = patient(number=1, identifier=[numbers[0], {"system": PAS, "value": "P3"}], link=link)
    replaced_by = [{"other": {"reference": f"urn:uuid:{IDS[1]}"}, "type": "replaced-by"}]
    other = {
        "resourceType": "Patient",
        "id": IDS[3],
        "active": False,
        "identifier": [{"system": PAS, "value": "P2"}],
        "link": replaced_by,
    }
    both = (entry(survivor, merge=token(NHS, "9990400008")), entry(other, merge=token(PAS, "P2")))
    for _ in range(2):
        await FhirServer("CDR").deliver(outgoing(*both, entry(observation(subject=f"urn:uuid:{IDS[3]}"))))
    (someone,) = held(cdr, "Patient")
    assert {(each["value"], each.get("use")) for each in someone["identifier"]} == {
        ("9990400008", None),
        ("P3", None),
        ("P2", "old"),
    }
    assert someone["gender"] == "female"
    assert "link" not in someone
    assert someone.get("active") is None
    assert held(cdr, "Observation")[0]["subject"]["reference"] == f"Patient/{someone['id']}"


@pytest.mark.parametrize("reverse", [False, True])
def test_a_merge_keeps_the_entry_of_the_survivor_in_any_order(reverse: bool) -> None:
    held = {"resourceType": "Patient", "id": "7", "meta": {"versionId": "1"}}
    link = [{"other": {"reference": f"urn:uuid:{IDS[1]}"}, "type": "replaced-by"}]
    replaced = entry(patient(number=3, active=False, link=link), merge=token(PAS, "P2"))
    both = [entry(patient(number=1, gender="female"), merge=token(PAS, "P3")), replaced]
    bundle = {"resourceType": "Bundle", "entry": both[::-1] if reverse else both}
    (kept,) = prepare(bundle, {0: held, 1: held})["entry"]
    assert (kept["resource"]["gender"], kept["resource"].get("active")) == ("female", None)


def test_two_entries_with_one_stored_resource_that_are_no_merge_both_stay() -> None:
    """The server refuses them. To send one of the two would lose what the other says."""
    held = {"resourceType": "Patient", "id": "7", "meta": {"versionId": "1"}}
    both = [entry(patient(number=1, gender="female"), merge=token(PAS, "P3")), entry(patient(number=3), merge=token(PAS, "P2"))]
    made = prepare({"resourceType": "Bundle", "entry": both}, {0: held, 1: held})
    assert len(made["entry"]) == 2
    assert all(each.get("use") != "old" for each in made["entry"][0]["resource"]["identifier"])


async def test_a_merge_of_unknown_patients(cdr: Cdr) -> None:
    await FhirServer("CDR").deliver(merge())
    assert sorted(each["active"] for each in held(cdr, "Patient")) == [False, True]


async def test_an_identifier_that_several_patients_have_is_a_dead_letter(cdr: Cdr) -> None:
    for id_ in ("7", "8"):
        cdr.store.put(("Patient", id_), patient())
    problem = await failure(admission())
    assert (problem.kind, problem.code) == ("permanent", "not-unique")


async def test_decimals_keep_their_digits_through_a_merge(cdr: Cdr) -> None:
    body = outgoing(entry(patient(), merge=token(PAS, "P1")), observation()).body.replace(b"7.4", b"7.400")
    await FhirServer("CDR").deliver(Outgoing("application/fhir+json", body))
    assert held(cdr, "Observation")[0]["valueQuantity"]["value"].text == "7.400"


def document_of(binary_id: str) -> dict[str, Any]:
    content = [{"attachment": {"contentType": "application/pdf", "url": f"urn:uuid:{binary_id}"}}]
    return {"resourceType": "DocumentReference", "id": IDS[8], "status": "current", "content": content}


async def test_a_large_document_goes_before_the_transaction(cdr: Cdr) -> None:
    pdf = bytes(range(256)) * 1000
    data = base64.b64encode(pdf).decode()
    binary = {"resourceType": "Binary", "id": IDS[9], "contentType": "application/pdf", "data": data}
    await FhirServer("CDR", large=1000).deliver(outgoing(binary, document_of(IDS[9])))
    assert cdr.requests == [f"PUT /fhir/Binary/{IDS[9]}", "POST /fhir"]
    assert [each["resource"]["resourceType"] for each in cdr.received[0]["entry"]] == ["DocumentReference"]
    assert held(cdr, "DocumentReference")[0]["content"][0]["attachment"]["url"] == f"Binary/{IDS[9]}"
    assert base64.b64decode(cdr.store.current("Binary", IDS[9])["data"]) == pdf


PDF = b"%PDF-" + bytes(range(256)) * 2000


async def pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(PDF), 1000):
        yield PDF[start : start + 1000]


def with_file() -> Outgoing:
    """A document whose data is stored separately from the message."""
    binary = kept_file({"resourceType": "Binary", "id": IDS[9], "contentType": "application/pdf"})
    return outgoing(binary, document_of(IDS[9]))._replace(files=(pieces,))


@pytest.mark.parametrize("is_talkative", [False, True])
async def test_a_separate_file_is_streamed_before_the_transaction(
    cdr: Cdr, is_talkative: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "LARGEST_REPLY", 1000)
    cdr.is_talkative = is_talkative
    await FhirServer("CDR").deliver(with_file())
    assert cdr.requests == [f"PUT /fhir/Binary/{IDS[9]}", "POST /fhir"]
    assert held(cdr, "DocumentReference")[0]["content"][0]["attachment"]["url"] == f"Binary/{IDS[9]}"
    assert base64.b64decode(cdr.store.current("Binary", IDS[9])["data"]) == PDF


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("size", [4000, 1 << 20])
async def test_a_large_document_arrives_whole_with_its_line_ends_or_without(cdr: Cdr, end: str, size: int) -> None:
    """An encoder of MIME ends each line after 76 characters."""
    content = random.Random(1).randbytes(size)
    text = base64.b64encode(content).decode()
    data = end.join(text[start : start + 76] for start in range(0, len(text), 76)) if end else text
    binary = {"resourceType": "Binary", "id": IDS[9], "contentType": "application/pdf", "data": data}
    assert await FhirServer("CDR", large=4000).deliver(outgoing(binary, document_of(IDS[9]))) == Receipt("stored")
    assert cdr.requests == [f"PUT /fhir/Binary/{IDS[9]}", "POST /fhir"]
    assert base64.b64decode(cdr.store.current("Binary", IDS[9])["data"]) == content


@pytest.mark.parametrize("merging", [False, True])
async def test_a_long_text_that_is_not_uploaded_is_in_the_transaction(cdr: Cdr, merging: bool) -> None:
    described = document_of(IDS[9])
    described["content"][0]["attachment"] = {"contentType": "application/pdf", "data": "TVNI" * 400_000}
    await FhirServer("CDR").deliver(outgoing(described, *([entry(patient(), merge=token(PAS, "P1"))] if merging else [])))
    assert cdr.requests[-1] == "POST /fhir"
    assert held(cdr, "DocumentReference")[0]["content"][0]["attachment"]["data"] == "TVNI" * 400_000


def apart(sent: Outgoing) -> Outgoing:
    """The same, with each long text where it is in another body."""
    read = long_texts.read(sent.body, json.loads)
    body, texts = to_json_apart(read)
    assert texts
    return sent._replace(body=body, texts=tuple(texts))


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("large", [1000, 1 << 30])
@pytest.mark.parametrize("merging", [False, True])
@pytest.mark.parametrize("newest", ["", "DocumentReference"])
async def test_a_text_apart_is_sent_as_one_in_the_body(
    cdr: Cdr, form: Literal["json", "xml"], large: int, merging: bool, newest: str
) -> None:
    data = base64.b64encode(random.Random(1).randbytes(900_000)).decode()
    binary = {"resourceType": "Binary", "id": IDS[9], "contentType": "application/pdf", "data": data}
    described = document_of(IDS[9])
    described["content"].append({"attachment": {"contentType": "application/pdf", "data": "TVNI" * 400_000}})
    sent = outgoing(binary, described, *([entry(patient(), merge=token(PAS, "P1"))] if merging else []))
    destination, seen = FhirServer("CDR", format=form, large=large, newest=newest), list[object]()
    for what in (sent, apart(sent)):
        cdr.store.versions.clear()
        cdr.requests.clear()
        cdr.received.clear()
        assert await destination.deliver(what) == Receipt("stored")
        seen.append((list(cdr.requests), list(cdr.received), cdr.store.current("Binary", IDS[9])["data"]))
    assert seen[0] == seen[1]


async def test_a_text_apart_is_uploaded_with_no_copy_of_it(cdr: Cdr, monkeypatch: pytest.MonkeyPatch) -> None:
    data = base64.b64encode(random.Random(1).randbytes(6_000_000)).decode()
    binary = {"resourceType": "Binary", "id": IDS[9], "contentType": "application/pdf", "data": data}
    sent, sizes = apart(outgoing(binary, document_of(IDS[9]))), list[int]()

    async def send(name: str, method: str, url: str, body: Any, headers: dict[str, str]) -> https.Reply:
        sizes.append(len(body) if isinstance(body, bytes) else sum([len(piece) async for piece in body]))
        entries = [{"response": {"status": "200"}}]
        reply = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
        return https.Reply(200, {"content-type": "application/fhir+json"}, json.dumps(reply).encode())

    monkeypatch.setattr(https, "send", send)
    with at_most(2_000_000):
        assert await FhirServer("CDR", large=1000).deliver(sent) == Receipt("stored")
    assert sizes[0] == 6_000_000
    assert sizes[1] < 2000


# Versions that may come in either order

NEWEST = FhirServer("CDR", newest="DocumentReference")
OLD, NEW = "2026-04-20T14:05:00+01:00", "2026-04-20T13:30:00Z"
READ, WRITE = f"GET /fhir/DocumentReference/{IDS[8]}", "POST /fhir"


def version(date: str, title: str = "letter") -> dict[str, Any]:
    described = {"resourceType": "DocumentReference", "id": IDS[8], "status": "current"}
    return {**described, **({"date": date} if date else {}), "content": [{"attachment": {"title": title}}]}


@pytest.mark.parametrize(("before", "after"), [("", OLD), (OLD, ""), (OLD, OLD), (OLD, NEW), ("", "")])
async def test_what_is_not_known_to_be_older_is_written(cdr: Cdr, before: str, after: str) -> None:
    for what in (version(before), version(after, "corrected letter")):
        assert await NEWEST.deliver(outgoing(what)) == Receipt("stored")
    assert held(cdr, "DocumentReference")[0]["content"][0]["attachment"]["title"] == "corrected letter"
    assert cdr.requests == [READ, WRITE, READ, WRITE]
    assert ["ifMatch" in each["entry"][0]["request"] for each in cdr.received] == [False, True]


async def test_an_older_version_sends_nothing_not_even_its_file(cdr: Cdr) -> None:
    await NEWEST.deliver(outgoing(version(NEW)))
    cdr.requests.clear()
    binary = kept_file({"resourceType": "Binary", "id": IDS[9], "contentType": "application/pdf"})
    assert await NEWEST.deliver(outgoing(binary, version(OLD))._replace(files=(pieces,))) == Receipt("newer-held")
    assert cdr.requests == [READ]


async def test_a_newer_version_that_comes_between_read_and_write_stays(cdr: Cdr) -> None:
    await NEWEST.deliver(outgoing(version("2026-01-01T00:00:00Z")))
    cdr.script.will("slow:0.2")
    late = asyncio.create_task(NEWEST.deliver(outgoing(version(OLD))))
    await asyncio.sleep(0.1)
    cdr.store.put(("DocumentReference", IDS[8]), version(NEW))
    with pytest.raises(Undelivered) as caught:
        await late
    assert (caught.value.kind, caught.value.code) == ("transient", "http-412")
    assert await NEWEST.deliver(outgoing(version(OLD))) == Receipt("newer-held")
    assert held(cdr, "DocumentReference")[0]["date"] == NEW


@pytest.mark.parametrize(
    ("status", "kind"), [(404, ""), (410, ""), (403, "misconfigured"), (500, "transient"), (503, "transient")]
)
async def test_what_cannot_be_read_is_not_written_over(cdr: Cdr, status: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not found and gone say that there is nothing to write over; any other refusal says nothing."""

    def refuse(*_: str) -> dict[str, Any]:
        raise Refused(status, "processing", "configured to refuse")

    monkeypatch.setattr(cdr.store, "current", refuse)
    if kind:
        with pytest.raises(Undelivered) as caught:
            await NEWEST.deliver(outgoing(version(OLD)))
        assert (caught.value.kind, caught.value.code) == (kind, f"http-{status}")
    else:
        assert await NEWEST.deliver(outgoing(version(OLD))) == Receipt("stored")
    assert cdr.requests == ([READ] if kind else [READ, WRITE])


@pytest.mark.parametrize("sent", [0, 1, 400])
async def test_storage_that_goes_away_while_a_file_is_streamed_leaves_nothing_there(cdr: Cdr, sent: int) -> None:
    """The body is broken off, never ended early: the repository must not take a half for the whole."""

    async def some_pieces() -> AsyncIterator[bytes]:
        for start in range(0, sent * 1000, 1000):
            yield PDF[start : start + 1000]
        raise Away

    problem = await failure(with_file()._replace(files=(some_pieces,)))
    assert (problem.kind, problem.code) == ("transient", "line-broken")
    await asyncio.sleep(0.05)  # what was sent has come
    assert "POST /fhir" not in cdr.requests
    assert not cdr.store.versions
    await FhirServer("CDR").deliver(with_file())
    assert base64.b64decode(cdr.store.current("Binary", IDS[9])["data"]) == PDF
    assert [len(held(cdr, kind)) for kind in ("Binary", "DocumentReference")] == [1, 1]
    assert {len(versions) for versions in cdr.store.versions.values()} == {1}


# Who we are, and to whom


@pytest.fixture
async def guarded(settings: Settings) -> AsyncIterator[Cdr]:
    async with Cdr(secret="not a real one") as simulator:  # pragma: allowlist secret
        token_url = simulator.url.replace("/fhir", "/token")
        settings("CDR", URL=simulator.url, TIMEOUT=PATIENCE, AUTH="client", TOKEN_URL=token_url)
        settings("CDR", CLIENT_ID="hub", CLIENT_SECRET=simulator.secret)
        yield simulator
        await FhirServer("CDR").close()


async def test_one_token_serves_many(guarded: Cdr) -> None:
    await asyncio.gather(*(FhirServer("CDR").deliver(results(f"P{n}")) for n in range(5)))
    assert len(guarded.tokens) == 1


async def test_a_token_is_renewed_before_its_end_and_after_it_is_refused(guarded: Cdr, monkeypatch: pytest.MonkeyPatch) -> None:
    await FhirServer("CDR").deliver(results())
    monkeypatch.setattr(who, "EARLY", 4000.0)
    await FhirServer("CDR").deliver(results())
    assert len(guarded.tokens) == 2
    monkeypatch.setattr(who, "EARLY", 60.0)
    guarded.tokens[:] = ["", "", ""]
    await FhirServer("CDR").deliver(results())
    assert len(guarded.tokens) == 4


async def test_a_file_is_opened_again_for_a_new_token(guarded: Cdr) -> None:
    await FhirServer("CDR").deliver(results())
    guarded.tokens[:] = [""]
    await FhirServer("CDR").deliver(with_file())
    assert base64.b64decode(guarded.store.current("Binary", IDS[9])["data"]) == PDF


async def test_a_secret_that_has_run_out_is_our_fault(guarded: Cdr, settings: Settings) -> None:
    settings("CDR", CLIENT_SECRET="old")  # pragma: allowlist secret
    problem = await failure()
    assert (problem.kind, problem.code) == ("misconfigured", "token-401")
    settings("CDR", AUTH="password")
    assert (await failure()).code == "auth-setting"
    assert not guarded.received


async def test_mutual_tls(settings: Settings, authority: Authority) -> None:
    certificate, key = authority.issue("hub")
    async with Cdr(tls=authority.server_context(mutual=True)) as cdr:
        settings("CDR", URL=cdr.url, CA=authority.ca, CERT=certificate, KEY=key)
        assert await FhirServer("CDR").deliver(results()) == Receipt("stored")
        await FhirServer("CDR").close()
        settings("CDR", CERT="", KEY="")
        assert (await failure()).kind != "permanent"
        await FhirServer("CDR").close()
        settings("CDR", CA="")
        problem = await failure()
        assert (problem.kind, problem.code, problem.ambiguous) == ("misconfigured", "tls", False)
        await FhirServer("CDR").close()
        assert cdr.stored == 1


async def test_no_listener(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings("CDR", URL=f"http://127.0.0.1:{taken.getsockname()[1]}/fhir")
        problem = await failure()
    assert (problem.kind, problem.code, problem.ambiguous) == ("transient", "refused", False)
    await FhirServer("CDR").close()


@pytest.mark.parametrize("url", ["", "http://cdr.example.net/fhir", "file:///etc/passwd"])
async def test_nothing_leaves_without_tls(settings: Settings, url: str) -> None:
    settings("CDR", URL=url)
    assert (await failure()).code == "no-address"
