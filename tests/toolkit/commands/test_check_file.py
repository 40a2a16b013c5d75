"""``./hub check`` of a file of several messages: each finding has its row, rule and column."""

from typing import Any

import pytest

from integrations import load
from shared import formats
from toolkit.commands.develop.check import as_text, checker
from toolkit.samples import accepted, samples

NAME = "clinic-appointments-to-cdr"
HEADER = "id,organisation,clinic,date,time,minutes,status,nhs_number,family,given,birth_date"
GOOD = "1,7A3LW,CHEST,01/05/2026,09:30,20,Booked,9990400008,Prawf,Ann,09/04/1961"


def checked(*rows: str) -> dict[str, Any]:
    return checker(NAME)("\n".join((HEADER, *rows, "")).encode())


def test_a_row_has_its_number_in_the_spreadsheet() -> None:
    found = checked(GOOD, GOOD.replace("09:30", "25:00"), "", GOOD + ",x", GOOD.replace("1,7A3LW", "2,7A3LW"))
    assert [(each["row"], each["rule"], each["where"]) for each in found["issues"]] == [
        ("3", "dates-and-times", "time"),
        ("5", "row-width", "column[12]"),
    ]
    assert (found["acknowledgement"], found["accepted"], found["answer"]) == ("AE", False, "HTTP 207")
    assert as_text(found).startswith("HTTP 207  2 of 4 messages accepted\n")


def test_a_good_file_is_accepted_and_a_broken_one_is_not_taken() -> None:
    assert checked(GOOD, GOOD)["accepted"]
    broken = checked(GOOD, GOOD, '"')
    assert (broken["acknowledgement"], broken["accepted_messages"], broken["answer"]) == ("AR", 0, "HTTP 400")
    other = checker(NAME)(b"id,SECRET\n1,2\n3,4\n")
    assert "SECRET" not in str(other)
    assert other["issues"][0]["where"] == "column[2]"


@pytest.mark.parametrize("name", ["phw-to-mpi"])
def test_a_batch_of_hl7_has_the_number_of_each_message(name: str) -> None:
    body = accepted(load(name))[0].body
    batch = b"FHS|^~\\&|\rBHS|^~\\&|\r" + body + body.replace(b"|2.5|", b"|9.9|") + b"BTS|2\rFTS|1\r"
    assert next(form for form in formats.of(load(name).source) if form.is_batch(batch))
    found = checker(name)(batch)
    assert (found["messages"], found["accepted_messages"]) == (2, 1)
    assert {each["row"] for each in found["issues"] if each["severity"] in ("error", "fatal")} == {"2"}


def test_a_soap_caller_gets_the_status_that_soap_has_for_a_fault() -> None:
    """SOAP 1.1 section 6.2: 500 for every fault, where another source answers 422."""
    name = "lims-demographics-to-mpi"
    refused = next(sample for sample in samples(load(name)) if sample.name.startswith("rejected"))
    assert checker(name)(refused.body)["answer"] == "HTTP 500"
    assert checker(name)(accepted(load(name))[0].body)["answer"] == "HTTP 200"
