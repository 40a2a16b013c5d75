"""A file of rows: each row its own message, one acknowledgement with row, rule and column; a crash loses and doubles nothing."""

import asyncio
import csv
import gc
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared import bounds
from shared.destinations.memory import Memory
from shared.envelope import Answer, Envelope
from shared.formats.csv.acknowledgement import CORRECT_FILE, CORRECT_LISTED, CORRECT_ROW, Acknowledgement
from shared.formats.csv.row import Row, encoded
from shared.formats.csv.source import Csv
from shared.formats.csv.table import GUESSED, QUOTES
from shared.hub import Hub
from shared.intake import batches, splitting
from shared.intake.inbox import taking
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queues import accept_event, accept_queue_message
from shared.integration import EventGrid, Http, Integration, Queue
from shared.issue import Issue, Verdict
from shared.ledger.reporting import conservation
from shared.storage import names
from shared.storage.store import Away
from tests.ledger_world import NOW, hub
from toolkit.local import drops

NAME = "rows-to-test"
FOLDER = f"/blobServices/default/containers/inbox/blobs/{NAME}/"
CLEAR = Path("/proc/self/clear_refs")
STAMP = "2026-05-01T09:30:00.000Z"


class NameRequired:
    """A row has a name."""

    name = "rows with a name"

    def check(self, content: Any) -> list[Issue]:
        return list(self._missing(content))

    def _missing(self, content: Any) -> Iterator[Issue]:
        if isinstance(content, Row) and not content["name"]:
            yield Issue(severity="error", code="required", where="name", text="a name is required", rule="name-required")


def declared(destination: Any) -> Integration:
    return Integration(
        name=NAME,
        summary="Rows reach a test.",
        owner="team@example.nhs.wales",
        source=Csv(columns=("id", "name")),
        triggers=(Http(), Queue(), EventGrid(("Microsoft.Storage.BlobCreated",), FOLDER)),
        profile=NameRequired(),
        lane=lambda row: str(row["id"]),
        transform=lambda row: row,
        outgoing=NameRequired(),
        destination=destination,
    )


World = tuple[Hub, Integration, Any]


@pytest.fixture
def world() -> World:
    destination = Memory("TEST")
    one = declared(destination)
    return hub(one, now=lambda: NOW), one, destination


def test_a_row_differs_from_its_file_in_body_and_type_only() -> None:
    values = {name: f"a {name}" for name in Envelope.__slots__} | {"traceparent": "", "correlation_id": "c1"}
    file = Envelope(**values)  # type: ignore[arg-type]
    row = file.with_body(b"id\r\n1\r\n", "text/csv")
    differing = {name for name in Envelope.__slots__ if getattr(row, name) != getattr(file, name)}
    assert differing == {"body", "content_type"}


FILE = b"id;name\r\n1;Ann\r\n2;\r\n\r\n3;Si\xe2n\r\n4;=1+2\r\n5;a;b\r\n"
GIVEN = [
    ["row", "acknowledgement", "severity", "rule", "column", "text", "what_to_do"],
    ["", "AE", "", "", "", "3 of 5 rows accepted", "see the lines below"],
    ["", "AE", "information", "csv-charset-found", "", GUESSED.text, "nothing"],
    ["3", "AE", "error", "name-required", "name", "a name is required", CORRECT_ROW],
    ["7", "AE", "error", "row-width", "column[3]", "a text in a column that has no name in the header", CORRECT_ROW],
]


def table(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline="")))


async def settled(made: Hub) -> None:
    while made.tasks:
        await asyncio.gather(*made.tasks, return_exceptions=True)


async def post(world: World, body: bytes, content_type: str = "text/csv", **headers: str) -> Answer:
    made, one, _ = world
    asked = Envelope(integration=NAME, body=body, received_at=STAMP, trigger="http", content_type=content_type, headers=headers)
    answer = await batches.take(one, asked, made)
    await settled(made)
    return answer


async def outcomes(world: World) -> dict[str, int]:
    balance = await conservation.balance(world[1], world[0])
    assert balance.holds
    return dict(balance.outcomes)


async def test_each_row_gets_its_verdict_and_the_good_ones_are_delivered(world: World) -> None:
    answer = await post(world, FILE)
    assert (answer.status, answer.content_type, table(answer.body)) == (207, "text/csv", GIVEN)
    assert await outcomes(world) == {"delivered": 3, "rejected": 2}
    assert sorted(sent.body for sent in world[2].received) == [
        b"id,name,test\r\n1,Ann,\r\n",
        "id,name,test\r\n3,Siân,\r\n".encode(),
        b"id,name,test\r\n4,=1+2,\r\n",
    ]
    assert not world[0].store.containers[names.CONTENT]  # type: ignore[attr-defined]


async def test_the_same_as_an_operation_outcome(world: World) -> None:
    answer = await post(world, FILE, accept="application/fhir+json")
    issues = orjson.loads(answer.body)["issue"]
    assert [(each["details"]["coding"][0]["code"], each.get("expression")) for each in issues] == [
        ("csv-charset-found", None),
        ("name-required", ["row[3].name"]),
        ("row-width", ["row[7].column[3]"]),
    ]


async def test_the_answer_to_a_batch_names_its_language_also_while_the_batch_is_split(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that does not know of the language would give a Welsh answer to everyone."""

    async def not_now(*_: object) -> None: ...

    monkeypatch.setattr(batches, "split", not_now)
    welsh = {"accept": "application/fhir+json", "accept-language": "cy"}
    answers = [await post(world, FILE, **welsh) for _ in range(2)]
    assert answers[0] == answers[1]
    assert {"Content-Language": "cy", "Vary": "Accept-Language"}.items() <= dict(answers[0].headers).items()
    assert answers[0].headers["X-Batch-Id"]
    assert "Content-Language" not in (await post(world, FILE + b"6;Eve", accept="application/fhir+json")).headers


@pytest.mark.parametrize("accept", ["text/csv", "application/fhir+json"])
async def test_the_findings_of_an_answer_are_bounded_and_warnings_hide_no_error(
    world: World, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not listed is counted, and every row is."""
    monkeypatch.setattr(bounds, "TABLE_FINDINGS", 2)
    monkeypatch.setattr(bounds, "OUTCOME_FINDINGS", 2)
    warning = Issue(severity="warning", code="value", where="name", text="a name of one letter", rule="name-is-short")
    found = (Verdict("AA", (warning,)),) * 5 + (Verdict("AE", (warning._replace(severity="error"),)),) * 3
    made = Acknowledgement(accept)
    for row, each in enumerate(found, 2):
        made.add(row, each)
    answer = made.answer()
    if accept == "text/csv":
        first, more, *lines = table(answer.body)[1:]
        assert first[5] == "5 of 8 rows accepted"
        assert (more[0], more[5], more[6]) == ("", "4 more issues are not listed", CORRECT_LISTED)
        assert [line[0] for line in lines] == ["2", "3", "7", "8"]
    else:
        more, *issues = orjson.loads(answer.body)["issue"]
        assert more["details"]["text"] == "4 more issues are not listed"
        assert [each["expression"] for each in issues] == [[f"row[{n}].name"] for n in (2, 3, 7, 8)]


@pytest.mark.parametrize(
    ("body", "status", "first"),
    [
        (b"id,name\r\n1,Ann\r\n2,Bob\r\n", 202, ["", "AA", "", "", "", "2 of 2 rows accepted", "nothing"]),
        (b"id,name\r\n", 202, ["", "AA", "", "", "", "0 of 0 rows accepted", "nothing"]),
        (b"id,name\r\n1,\r\n2,\r\n", 422, ["", "AE", "", "", "", "0 of 2 rows accepted", "see the lines below"]),
    ],
)
async def test_the_status_tells_all_some_and_none(world: World, body: bytes, status: int, first: list[str]) -> None:
    answer = await post(world, body)
    assert (answer.status, table(answer.body)[1]) == (status, first)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"id,nam\r\n1,Ann\r\n2,Bob\r\n", ["column-unknown", "column[2]", "this column is not part of the agreed table"]),
        (b'id,name\r\n1,Ann\r\n2,Bob\r\n3,"Cat\r\n', ["csv-quotes", "", f"row 4: {QUOTES}"]),
    ],
)
async def test_of_a_file_that_cannot_be_read_to_its_end_nothing_is_taken(world: World, body: bytes, line: list[str]) -> None:
    answer = await post(world, body)
    assert (answer.status, table(answer.body)[1]) == (400, ["", "AR", "fatal", *line, CORRECT_FILE])
    assert await outcomes(world) == {"rejected": 1}
    assert not world[2].received


async def test_rows_in_another_order_of_columns_and_another_file_are_the_same_messages(world: World) -> None:
    await post(world, b"id,name\r\n1,Ann\r\n2,Bob\r\n")
    await post(world, b"name;id\r\nBob;2\r\nAnn;1\r\n")
    assert len(world[2].received) == 2


async def test_by_file_and_by_queue_the_acknowledgement_is_on_the_replies_queue(world: World) -> None:
    made, one, _ = world
    await made.store.write_blob(names.INBOX, f"{NAME}/list.csv", FILE)
    await accept_event(one, drops.created(f"{NAME}/list.csv"), made)
    await accept_queue_message(one, FILE.replace(b"\r\n1;", b"\r\n10;"), made)
    await settled(made)
    replies = [orjson.loads(each.body) for each in await made.store.receive(f"{NAME}-replies", 30)]
    assert [table(each["acknowledgement"].encode()) for each in replies] == [GIVEN, GIVEN]
    assert not await made.store.blobs(names.INBOX)
    assert len(world[2].received) == 4  # 1, 3 and 4 once, and 10


async def test_the_declared_character_set_is_that_of_the_file_and_not_of_its_rows(world: World) -> None:
    answer = await post(world, FILE, "text/csv; charset=windows-1252")
    assert table(answer.body) == [line for line in GIVEN if line[3] != "csv-charset-found"]
    assert "id,name,test\r\n3,Siân,\r\n".encode() in [sent.body for sent in world[2].received]


@pytest.mark.parametrize("stops_after", range(1, 5))
async def test_a_crash_in_the_middle_doubles_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, stops_after: int
) -> None:
    made, one, destination = world
    real, calls = splitting.accept, 0

    async def dying(*args: Any) -> Answer:
        nonlocal calls
        calls += 1
        answer = await real(*args)
        if calls == stops_after:
            raise Away  # taken, and the worker dies before it notes that
        return answer

    monkeypatch.setattr(splitting, "accept", dying)
    await post(world, FILE)
    later = NOW + 100
    made.now = lambda: later
    made.store.now = made.now  # type: ignore[attr-defined]
    for got in await made.store.receive(f"{NAME}-work", 30):
        await answer_knock(one, got.body, made)
    await settled(made)
    assert sorted(sent.control_id for sent in destination.received) == ["1", "3", "4"]
    assert await outcomes(world) == {"delivered": 3, "rejected": 2}


@pytest.mark.slow
@pytest.mark.skipif(not CLEAR.exists(), reason="the peak of the memory is read from /proc, which only Linux has")
async def test_a_hundred_thousand_rows_through_the_file_door_in_bounded_memory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door decides on every row and answers. Besides the file itself it needs little, however many rows there are.

    Splitting is left out: the store of this test is in memory, and what it keeps of each message would be counted.
    """
    made, one, _ = world

    async def not_now(*_: object) -> None: ...

    monkeypatch.setattr(batches, "split", not_now)
    rows = ([str(n), "" if n % 1000 == 0 else "Ann of a longer name, as in a list"] for n in range(100_000))
    body = encoded([["id", "name"], *rows])
    await made.store.write_blob(names.INBOX, f"{NAME}/list.csv", body)
    gc.collect()
    CLEAR.write_text("5")  # the peak starts again from here
    before = memory("VmRSS")
    await taking.take(one, f"{NAME}/list.csv", "event", made)
    grown = memory("VmHWM") - before
    (reply,) = [orjson.loads(each.body) for each in await made.store.receive(f"{NAME}-replies", 30)]
    assert table(reply["acknowledgement"].encode())[1][5] == "99900 of 100000 rows accepted"
    assert grown < 2 * len(body) + 10_000_000


def memory(name: str) -> int:
    """A figure of this process from ``/proc/self/status``, in bytes."""
    line = next(each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
