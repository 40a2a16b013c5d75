"""How the relay signs in, and what each answer of the hub means to it."""

import asyncio
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError, ServiceResponseError

from relay.gate import Unavailable
from relay.hub import LARGE, LARGEST_ANSWER, Hub, acknowledgement
from relay.listener import _outcome
from relay.settings import Endpoint, SignIn
from shared.destinations.wire import identity
from shared.hl7.batch import BatchReader, write_acknowledgement
from tests.relay.stand_in import StandIn, message, verdict
from tests.waiting import PATIENCE

MEANS = {
    "429": "busy",
    "502": "away",
    "503": "away",
    "504": "away",
    "cut": "away",
    "slow": "away",
    "401": "refuses",
    "403": "refuses",
    "404": "refuses",
    "405": "refuses",
    "407": "refuses",
    "redirect": "refuses",
    "301": "refuses",
    "302": "refuses",
    "303": "refuses",
    "308": "refuses",
    "400": "fails",
    "413": "fails",
    "415": "fails",
    "422": "fails",
    "500": "fails",
    "501": "fails",
    "202": "fails",
    "page": "fails",
    "other": "fails",
}


class Token(NamedTuple):
    token: str


class Identity:
    """Stands in for the credentials of the machine."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails, self.scopes, self.closed = fails, list[str](), False

    async def get_token(self, scope: str) -> Token:
        self.scopes.append(scope)
        if self.fails:
            raise self.fails
        return Token("a token")

    async def close(self) -> None:
        self.closed = True


async def asked(endpoint: Endpoint, size: int = 0) -> bytes:
    hub = Hub(endpoint)
    await hub.open()
    try:
        return await hub.ask(message(size=size))
    finally:
        await hub.close()


def endpoint(hub: StandIn, **changes: Any) -> Endpoint:
    return Endpoint(url=hub.url, patience=0, **{"timeout": 0.3, **changes})


@pytest.mark.parametrize(("says", "state"), MEANS.items())
async def test_each_answer_has_its_meaning(hub: StandIn, says: str, state: str) -> None:
    hub.says = [says]
    with pytest.raises(Unavailable) as raised:
        await asked(endpoint(hub))
    assert raised.value.state == state


@pytest.mark.parametrize(("says", "state"), [("429", "large"), ("503", "away"), ("401", "refuses"), ("500", "fails")])
async def test_a_large_message_for_which_there_is_no_memory(hub: StandIn, says: str, state: str) -> None:
    hub.says = [says]
    with pytest.raises(Unavailable) as raised:
        await asked(endpoint(hub), LARGE)
    assert raised.value.state == state


@pytest.mark.parametrize(("retry_after", "wait"), [("7", 7), ("", 0), ("-1", 0), ("soon", 0), ("٣", 0), ("1.5", 0)])
async def test_only_a_number_of_seconds_is_waited(hub: StandIn, retry_after: str, wait: float) -> None:
    hub.says, hub.retry_after = ["503"], retry_after.encode().decode("latin-1")
    with pytest.raises(Unavailable) as raised:
        await asked(endpoint(hub))
    assert raised.value.wait == wait


async def test_it_signs_in_by_entra_with_the_identity_of_the_machine(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Identity()
    monkeypatch.setattr(identity, "managed_identity", lambda: known)
    assert b"MSA|AA" in await asked(endpoint(hub, sign_in=SignIn(entra_scope="api://hub/.default")))
    assert (hub.headers[0]["authorization"], known.scopes, known.closed) == ("Bearer a token", ["api://hub/.default"], True)
    assert "x-hub-key" not in hub.headers[0]


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (ClientAuthenticationError("no such application"), "refuses"),
        (ServiceRequestError("Entra is away"), "away"),
        (ServiceResponseError("Entra broke off"), "away"),
        (HttpResponseError("Entra fails"), "away"),
    ],
)
async def test_without_a_token_the_hub_is_not_asked(
    hub: StandIn, monkeypatch: pytest.MonkeyPatch, failure: Exception, state: str
) -> None:
    monkeypatch.setattr(identity, "managed_identity", lambda: Identity(failure))
    with pytest.raises(Unavailable) as raised:
        await asked(endpoint(hub, sign_in=SignIn(entra_scope="api://hub/.default")))
    assert (raised.value.state, hub.received) == (state, [])


async def test_after_a_401_it_gets_a_new_token(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[Identity]()
    monkeypatch.setattr(identity, "managed_identity", lambda: made.append(Identity()) or made[-1])
    hub.says = ["401", "AA", "AA"]
    known = Hub(endpoint(hub, longest_pause=0.01, sign_in=SignIn(entra_scope="api://hub/.default")))
    await known.open()
    with pytest.raises(Unavailable):
        await known.ask(message())
    while not known.gate._is_over():
        await asyncio.sleep(0.001)
    for _ in range(2):
        assert b"MSA|AA" in await known.ask(message())
    await known.close()
    assert [(len(one.scopes), one.closed) for one in made] == [(1, True), (2, True)]


async def test_a_token_that_never_comes_is_given_up(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Identity):
        async def get_token(self, scope: str) -> Token:
            await asyncio.Event().wait()
            return await super().get_token(scope)

    monkeypatch.setattr(identity, "managed_identity", Silent)
    with pytest.raises(Unavailable) as raised:
        await asyncio.wait_for(asked(endpoint(hub, timeout=0.05, sign_in=SignIn(entra_scope="api://hub/.default"))), PATIENCE)
    assert (raised.value.state, hub.received) == ("away", [])


async def test_without_a_sign_in_neither_key_nor_token_is_sent(hub: StandIn) -> None:
    await asked(endpoint(hub))
    assert not {"x-hub-key", "authorization", "cookie"} & hub.headers[0].keys()
    assert hub.headers[0]["content-type"] == hub.headers[0]["accept"] == "x-application/hl7-v2+er7"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, verdict(message("B2"), "AA")),
        (200, b" " + verdict(message(), "AA")),
        (200, b""),
        (202, verdict(message(), "AA")),
        (500, verdict(message(), "AE")),
    ],
)
def test_an_answer_that_is_no_verdict_on_this_message_is_none(status: int, body: bytes) -> None:
    with pytest.raises(Unavailable):
        acknowledgement(message(), status, body)


def test_no_answer_is_wanted_is_an_answer() -> None:
    assert acknowledgement(message(), 204, b"") == b""


async def test_an_answer_without_end_is_not_read_to_its_end(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.hub.LARGEST_ANSWER", 10)
    assert LARGEST_ANSWER > 1024 * 1024
    with pytest.raises(Unavailable) as raised:
        await asked(endpoint(hub))
    assert raised.value.state == "fails"
    await asyncio.sleep(0)


FILE = b"FHS|^~\\&|A|B|C|D|20260501||||F7\rBHS|^~\\&|A|B\r" + message() + b"BTS|1\rFTS|1\r"


def batch_answer(body: bytes) -> bytes:
    """As the hub answers: the reader and the writer of batches are its own."""
    batch = BatchReader(BytesIO(body))
    return b"".join(
        write_acknowledgement(batch, ((each, verdict(each.body, "AA")) for each in batch), "2026-05-01T09:30:00.000Z")
    )


@pytest.mark.parametrize(
    "body",
    [FILE, FILE[FILE.index(b"BHS") :].replace(b"FTS|1\r", b""), FILE.replace(b"F7", b""), FILE.replace(message(), b"")],
    ids=["file", "batch", "without a control id", "without a message"],
)
def test_the_answer_to_a_batch_is_a_verdict_on_it(body: bytes) -> None:
    """Otherwise the sender would send a batch again and again that the hub has accepted."""
    answer = batch_answer(body)
    assert acknowledgement(body, 200, answer) == answer
    assert _outcome(answer) == "batch"


@pytest.mark.parametrize(
    ("asked", "answered"),
    [(FILE, batch_answer(FILE.replace(b"F7", b"F8"))), (FILE, verdict(message(), "AA")), (message(), batch_answer(FILE))],
    ids=["another batch", "a message of it", "a batch instead of a message"],
)
def test_the_answer_to_another_batch_or_to_one_of_its_messages_is_none(asked: bytes, answered: bytes) -> None:
    with pytest.raises(Unavailable):
        acknowledgement(asked, 200, answered)
