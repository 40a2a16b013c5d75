"""Each value of a closed set, and each side of a limit, in what destinations answer; and what a connection must not remember."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from shared.destinations.fhir_reply import entries_of, resource_of
from shared.destinations.http import HttpEndpoint
from shared.destinations.kinds.failures import owner
from shared.destinations.mllp import Reply as Acknowledgement
from shared.destinations.mllp import judge
from shared.destinations.wire.https import Reply
from shared.envelope import Outgoing
from shared.problems import Undelivered

# HL7 table 0008, original and enhanced mode, and what is not in it


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_an_acceptance(code: str) -> None:
    assert judge(Acknowledgement(code, "1", "")).code == f"ack-{code}"


@pytest.mark.parametrize(
    ("code", "kind", "ambiguous"),
    [
        *((code, "transient", False) for code in ("AE", "CE")),
        *((code, "permanent", False) for code in ("AR", "CR")),
        *((code, "transient", True) for code in ("", "aa", "AX", "A", "AAA", "C", "OK")),
    ],
)
def test_what_is_no_acceptance(code: str, kind: str, ambiguous: bool) -> None:
    with pytest.raises(Undelivered) as caught:
        judge(Acknowledgement(code, "1", "its own words"))
    assert (caught.value.kind, caught.value.ambiguous) == (kind, ambiguous)
    known = len(code) == 2 and code in "AE CE AR CR"
    assert caught.value.code == (f"ack-{code}" if known else "ack-unknown")
    assert (owner(caught.value) == "message") == known


# The statuses of a FHIR answer, and of each of its entries

SUCCESSES = (200, 201, 202, 204, 299)
OTHERS = (0, 100, 199, 300, 301, 304, 399, 400, 404, 409, 412, 422, 499, 500, 503, 599)


def bundle(*statuses: int) -> dict[str, object]:
    entries = [{"response": {"status": f"{status} X" if status else ""}} for status in statuses]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


@pytest.mark.parametrize("status", SUCCESSES)
def test_an_entry_that_was_done(status: int) -> None:
    assert len(entries_of(bundle(200, status), 2)) == 2


@pytest.mark.parametrize("status", OTHERS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_entry_that_was_not_done(status: int, place: int) -> None:
    statuses = [201, 201, 201]
    statuses[place] = status
    with pytest.raises(Undelivered):
        entries_of(bundle(*statuses), 3)


@pytest.mark.parametrize("status", SUCCESSES)
def test_an_answer_that_is_a_success(status: int) -> None:
    assert resource_of(Reply(status, {"content-type": "application/fhir+json"}, b'{"resourceType":"Bundle"}'))


@pytest.mark.parametrize("status", OTHERS)
def test_an_answer_that_is_none(status: int) -> None:
    with pytest.raises(Undelivered):
        resource_of(Reply(status, {"content-type": "application/fhir+json"}, b'{"resourceType":"Bundle"}'))


# A destination's cookie would tie messages of several patients to one session of its own


class Baker:
    """Sets a cookie with each answer; keeps the cookies that it is sent."""

    def __init__(self) -> None:
        self.cookies: list[str | None] = []

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.cookies.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "session=1; Path=/"})


@pytest.fixture
async def baker(settings: Callable[..., None]) -> AsyncIterator[Baker]:
    server = Baker()
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings("PHW", URL=f"http://localhost:{runner.addresses[0][1]}/messages")  # a name: cookies of bare addresses are never kept
    yield server
    await HttpEndpoint("PHW").close()
    await runner.cleanup()


async def test_no_cookie_is_sent_back(baker: Baker) -> None:
    for _ in range(3):
        await HttpEndpoint("PHW").deliver(Outgoing(content_type="application/json", body=b"{}", control_id="A1"))
    assert baker.cookies == [None] * 3
