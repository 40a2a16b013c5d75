"""What spreadsheets write is read as it is meant; what is not a table is refused by row and column, never with a value."""

import csv
import io
import tracemalloc

import pytest

from shared import bounds
from shared.envelope import Envelope
from shared.formats.csv.refused import TableError
from shared.formats.csv.row import encoded
from shared.formats.csv.source import Csv
from shared.formats.csv.table import Table
from shared.issue import Issue
from shared.problems import Problem

SOURCE = Csv(columns=("id", "name", "note"), optional=("room",), ignored=("printed",))
GOOD = {"id": "1", "name": "Siân", "note": "a", "room": "", "test": ""}


def sent(body: bytes, content_type: str = "text/csv") -> Envelope:
    return Envelope(integration="x", body=body, received_at="2026-05-01T09:30:00.000Z", content_type=content_type)


@pytest.mark.parametrize(
    ("text", "charset", "content_type"),
    [
        ("id,name,note\r\n1,Siân,a\r\n", "utf-8", "text/csv"),
        ("id,name,note\n1,Siân,a", "utf-8", "text/csv"),
        ("id,name,note\r1,Siân,a\r", "utf-8", "text/csv"),
        ("id;name;note\r\n1;Siân;a\r\n", "utf-8-sig", "text/csv"),
        ("id\tname\tnote\r\n1\tSiân\ta\r\n", "utf-16", "text/csv"),
        ("id;name;note\r\n1;Siân;a\r\n", "cp1252", "text/csv"),
        ("id;name;note\r\n1;Siân;a\r\n", "cp1252", "text/csv; charset=windows-1252"),
        ("id;name;note\r\n1;Siân;a\r\n", "latin-1", "text/csv; charset=ISO-8859-1"),
        ("sep=;\r\nid;name;note\r\n1;Siân;a\r\n", "utf-8-sig", "text/csv"),
        ("NOTE, Name ,ID\r\na,Siân,1\r\n", "utf-8", "text/csv"),
        ('"id","name","note"\r\n"1","Siân","a"\r\n', "utf-8", "text/csv"),
        ("\r\n".join(("id,name,note,,", "1,Siân,a,,", ",,,,", "", "")), "utf-8", "text/csv"),
        ("id,name,note,printed\r\n1,Siân,a,yes\r\n", "utf-8", "text/csv"),
        ("id,name,note\r\n 1, Siân ,a\u00a0\r\n", "utf-8", "text/csv"),
    ],
)
def test_one_row_is_read_in_every_form(text: str, charset: str, content_type: str) -> None:
    assert dict(SOURCE.read(sent(text.encode(charset), content_type))) == GOOD


@pytest.mark.parametrize("text", ["=1+2", "+44", "-5", "@SUM(A1)", '=cmd|"/c calc"!A0', "00123", "1E5"])
def test_a_cell_is_a_text_and_stays_one(text: str) -> None:
    """No formula, no number, no date: spreadsheets compute with such cells, and the hub does not."""
    row = SOURCE.read(sent(encoded([["id", "name", "note"], ["1", "Ann", text]])))
    assert row["note"] == text
    assert SOURCE.read(sent(row.encode()))["note"] == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_end_in_quotation_marks_belongs_to_the_cell(end: str) -> None:
    assert SOURCE.read(sent(f'id,name,note\r\n1,Ann,"two{end}lines"\r\n'.encode()))["note"] == f"two{end}lines"


def test_a_misspelt_column_is_an_error_of_the_mapping() -> None:
    with pytest.raises(KeyError):
        SOURCE.read(sent(b"id,name,note\r\n1,Ann,a\r\n"))["nmae"]


SECRET = "Zebra"
NONE_KNOWN = [("column-unknown", f"column[{n}]") for n in (1, 2, 3)]
NONE_THERE = [("column-missing", name) for name in ("id", "name", "note")]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", [("not-csv", "")]),
        (b"Zebra\r\n", [("not-csv", "")]),
        (b"id,name,note\r\n", [("not-csv", "")]),
        (b"id,name,note\r\n1,Zebra,a\r\n2,Zebra,b\r\n", [("several-rows", "")]),
        (b"id,name\r\n1,Zebra\r\n", [("column-missing", "note")]),
        (b"id,name,note,Zebra\r\n1,b,c,d\r\n", [("column-unknown", "column[4]")]),
        (b"id,name,note,Name\r\n1,b,c,d\r\n", [("column-twice", "name")]),
        (b"1,Zebra,c\r\n2,Zebra,c\r\n", [*NONE_KNOWN, *NONE_THERE]),
        (b"id,name,note\r\n1,Zebra\r\n", [("row-width", "")]),
        (b"id,name,note\r\n1,b,c,Zebra\r\n", [("row-width", "column[4]")]),
        (b"id,name,note,\r\n1,b,c,Zebra\r\n", [("row-width", "column[4]")]),
        (b"id,name,note\r\n1,Ze\x00bra,c\r\n", [("control-character", "name")]),
        ("id,name,note\r\n\ufeff1,Zebra,c\r\n".encode(), [("control-character", "id")]),  # two files in one
        ("id,name,note\r\n1\u200b,Ze\u202ebra,c\r\n".encode(), [("control-character", "id"), ("control-character", "name")]),
        (b'id,name,note\r\n1,"Zebra"x,c\r\n', [("csv-quotes", "")]),
        (b'id,name,note\r\n1,"Zebra,c\r\n2,b,c\r\n', [("csv-quotes", "")]),
        (b"id,name,note\r\n1,b," + b"Zebra" * 30_000, [("too-much", "")]),
        (b"id," + b",".join(b"Zebra" for _ in range(1000)), [("too-much", "")]),
        ("id,name,note\r\n1,Zebra,c\r\n".encode("utf-16-le"), [("csv-charset", "")]),
        (b"id,name,note\r\n1,\x81Zebra,c\r\n", [("csv-charset", "")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_column_and_never_by_value(body: bytes, found: list[tuple[str, str]]) -> None:
    with pytest.raises(Problem) as problem:
        SOURCE.read(sent(body))
    assert [(issue.rule, issue.where) for issue in problem.value.issues] == found
    assert not [issue for issue in problem.value.issues if SECRET in repr(issue)]


@pytest.mark.parametrize("charset", ["x-zebra", "utf-8"])
def test_a_declared_character_set_is_believed_or_refused(charset: str) -> None:
    with pytest.raises(Problem) as problem:
        SOURCE.read(sent(b"id,name,note\r\n1,\xe2,c\r\n", f"text/csv; charset={charset}"))
    assert [issue.rule for issue in problem.value.issues] == ["csv-charset"]


def test_a_guess_and_removed_spaces_are_reported_as_information() -> None:
    repairs = SOURCE.read(sent("id;name;note\r\n1; Siân;a\r\n".encode("cp1252"))).repairs
    assert [(issue.rule, issue.where, issue.severity) for issue in repairs] == [
        ("csv-charset-found", "", "information"),
        ("cell-trimmed", "name", "information"),
    ]
    assert all(isinstance(issue, Issue) for issue in repairs)


def test_a_source_of_one_column_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="two columns"):
        Csv(columns=("id",))


def test_the_number_of_a_row_is_the_one_that_a_spreadsheet_shows() -> None:
    body = b'sep=;\r\nid;name\r\n1;"a\r\nb"\r\n\r\n;\r\n4;d\r\n'
    assert [row.number for row in Table(body).rows()] == [2, 5]


def test_rows_are_read_as_the_csv_module_reads_them() -> None:
    text = 'a,b\r\n1,"x ""y"", z"\r\n2,"line\nline"\r\n3,\r\n'
    rows = [Table(text.encode()).header, *(row.cells for row in Table(text.encode()).rows())]
    assert rows == list(csv.reader(io.StringIO(text, newline="")))


def test_a_large_table_needs_the_memory_of_a_few_rows() -> None:
    body = b"id,name,note\r\n" + b"".join(
        b"%d,Ann,a note of some length that is here to fill the row\r\n" % n for n in range(100_000)
    )
    tracemalloc.start()
    assert sum(1 for _ in Table(body).rows()) == 100_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400_000  # bytes; the body itself, 6.5 MB, was there before


@pytest.mark.parametrize(("rows", "is_taken"), [(2, True), (3, True), (4, False)])
@pytest.mark.parametrize("end", [b"", b"\r\n"], ids=["without a last line end", "with it"])
def test_a_file_has_as_many_rows_as_are_allowed_its_header_included(
    rows: int, is_taken: bool, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ROWS", 3)
    table = Table(b"id,name\r\n" + b"\r\n".join(b"%d,Ann" % n for n in range(1, rows)) + end)
    if is_taken:
        assert [row.number for row in table.rows()] == [*range(2, rows + 1)]
    else:
        with pytest.raises(TableError) as error:
            list(table.rows())
        assert (error.value.issue.rule, error.value.issue.text) == ("too-much", "more than 3 rows")


def test_the_separator_is_the_one_that_gives_the_known_columns() -> None:
    """Not the one that gives most columns: a name may hold commas."""
    assert Table(b"id;name;a,b,c,d,e\r\n1;Ann;x\r\n", columns=("id", "name")).header == ["id", "name", "a,b,c,d,e"]
    assert Table(b"a;b;c,d\r\n1;2;3\r\n").header == ["a", "b", "c,d"]
