"""A clinic's list of a day through the file door: good rows reach the repository, wrong ones are answered by row and column."""

import asyncio
import csv
import io
import re
from dataclasses import replace
from hashlib import sha256

import orjson
import pytest

from integrations import load
from shared.delivery.upkeep import purge
from shared.destinations.memory import Memory
from shared.formats.csv.acknowledgement import CORRECT_FILE, CORRECT_ROW, CORRECT_SOURCE
from shared.hub import Hub
from shared.intake.inbox.acknowledgement import place
from shared.intake.triggers.queues import accept_event
from shared.ledger.reporting import conservation
from shared.storage import names
from tests.ledger_world import NOW, hub
from toolkit.local import drops
from toolkit.samples import samples

NAME = "clinic-appointments-to-cdr"
HEAD, ROW = next(each.body for each in samples(load(NAME)) if each.name == "attended").decode().removesuffix("\r\n").split("\r\n")
NUMBER = "9990400008"


def row(**cells: str) -> str:
    """A row of the list with other texts in some cells."""
    given = dict(zip(HEAD.split(","), ROW.split(","), strict=True))
    return ";".join({**given, **cells}.values())


async def dropped(text: str, memory: Memory, own_name: str = "list.csv") -> tuple[list[list[str]], Hub]:
    """A file in the inbox, its event, and the lines of its acknowledgement."""
    one = replace(load(NAME), destination=memory)
    made = hub(one, now=lambda: NOW)
    name = f"{NAME}/{own_name}"
    await made.store.write_blob(names.INBOX, name, text.encode("cp1252"))
    await accept_event(one, drops.created(name), made)
    while made.tasks:
        await asyncio.gather(*made.tasks)
    (reply,) = [orjson.loads(each.body) for each in await made.store.receive(f"{NAME}-replies", 30)]
    assert (await conservation.balance(one, made)).holds
    return list(csv.reader(io.StringIO(reply["acknowledgement"], newline=""))), made


async def test_good_rows_arrive_and_wrong_ones_are_answered() -> None:
    memory = Memory("CDR")
    list_of_day = [
        HEAD.replace(",", ";"),
        row(id="1", family="Prâwf", status="Booked"),
        row(id="2", status="Moved", time="25:00"),
        row(id="3", nhs_number="9990400009"),
        row(id="4", status="DNA") + ";more",
        row(id="5", status="Cancelled"),
    ]
    answer, _ = await dropped("\r\n".join(list_of_day) + "\r\n", memory)
    assert [line[:5] for line in answer[1:]] == [
        ["", "AE", "", "", ""],
        ["", "AE", "information", "csv-charset-found", ""],
        ["3", "AE", "error", "dates-and-times", "time"],
        ["3", "AE", "error", "status-is-known", "status"],
        ["4", "AE", "error", "nhs-number-check-digit", "nhs_number"],
        ["5", "AE", "error", "row-width", "column[12]"],
    ]
    assert answer[1][5] == "2 of 5 rows accepted"
    made = [orjson.loads(each.body)["entry"] for each in memory.received]
    assert [[entry["resource"].get("status") for entry in entries][1] for entries in made] == ["booked", "cancelled"]
    assert made[0][0]["resource"]["name"][0]["family"] == "Prâwf"
    assert made[0][0]["request"]["ifNoneExist"].endswith(NUMBER)


async def test_a_later_list_corrects_the_same_appointment() -> None:
    """The id is made of the organisation and the appointment's number: the same whatever the status."""
    memory = Memory("CDR")
    for status in ("Booked", "Attended"):
        await dropped("\n".join((HEAD.replace(",", ";"), row(id="7", status=status), row(id="8", status=status))), memory)
    made = [orjson.loads(each.body)["entry"][1] for each in memory.received]
    assert [entry["resource"]["status"] for entry in made] == ["booked", "booked", "fulfilled", "fulfilled"]
    assert [entry["request"]["url"] for entry in made[:2]] == [entry["request"]["url"] for entry in made[2:]]


@pytest.mark.parametrize("name", ["Jones 9990400008", "list"])
async def test_no_answer_repeats_a_name_of_a_file_or_a_cell(name: str) -> None:
    answer, made = await dropped("\n".join((HEAD.replace(",", ";"), row(family=""), row(status=name))), Memory("CDR"))
    assert name not in str(answer)
    assert not await made.store.blobs(names.INBOX)


NAMES = ("list.csv", "north/list.csv", "south/list.csv", "north/Jones 9990400008.csv", "../phw-to-mpi/list.csv", "..", "")


def test_two_files_never_have_one_acknowledgement_and_none_has_a_name_of_a_file() -> None:
    """Each path has its own: a clinic must not read the acknowledgement of another one as its own."""
    found = [place(load(NAME), f"{NAME}/{name}", "text/csv") for name in NAMES]
    assert len(set(found)) == len(NAMES)
    assert all(re.fullmatch(rf"{NAME}/[0-9a-f]{{32}}\.acknowledgement\.csv", each) for each in found)


def test_a_sender_finds_the_acknowledgement_as_the_documents_say() -> None:
    """``printf north/monday.csv | sha256sum | cut -c1-32``"""
    digits = sha256(b"north/monday.csv").hexdigest()[:32]
    assert place(load(NAME), f"{NAME}/north/monday.csv", "text/csv") == f"{NAME}/{digits}.acknowledgement.csv"


async def test_a_file_gets_its_acknowledgement_as_a_file() -> None:
    """The same table as on the replies queue, without a value of the file, until the retention of receipts ends."""
    rows = (HEAD.replace(",", ";") + ";gender", row(id="1") + ";F", row(id="2", status="Moved") + ";", row(id="3") + ";X1")
    answer, made = await dropped("\n".join(rows), Memory("CDR"))
    own = place(load(NAME), f"{NAME}/list.csv", "text/csv")
    assert [name for name, _ in await made.store.blobs(names.ACKNOWLEDGEMENTS)] == [own]
    body = await made.store.read_blob(names.ACKNOWLEDGEMENTS, own) or b""
    assert list(csv.reader(io.StringIO(body.decode(), newline=""))) == answer
    assert answer[0] == ["row", "acknowledgement", "severity", "rule", "column", "text", "what_to_do"]
    assert [[*line[:5], line[6]] for line in answer[2:]] == [
        ["3", "AE", "error", "status-is-known", "status", CORRECT_ROW],
        ["4", "AA", "warning", "gender-is-known", "gender", CORRECT_SOURCE],
    ]
    later = NOW + 15 * 86400
    made.now = lambda: later
    await purge.purge(made.integrations[NAME], made)
    assert not await made.store.blobs(names.ACKNOWLEDGEMENTS)


async def test_a_file_that_cannot_be_read_is_acknowledged_as_a_whole() -> None:
    answer, made = await dropped("id;unknown\n1;2\n3;4", Memory("CDR"))
    assert {line[1] for line in answer[1:]} == {"AR"}
    assert {line[6] for line in answer[1:]} == {CORRECT_FILE}
    assert len(await made.store.blobs(names.ACKNOWLEDGEMENTS)) == 1
