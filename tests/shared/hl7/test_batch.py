"""Batches: the same bytes for each member, counts and trailers checked, memory that does not grow with the file."""

import tracemalloc
from collections.abc import Iterator
from io import BytesIO

import pytest

from shared.hl7 import parse
from shared.hl7.ack import acknowledge
from shared.hl7.batch import BatchReader, Member, is_batch, write_acknowledgement
from shared.issue import Verdict

AT = "2024-05-01T11:30:00.000Z"
FHS = b"FHS|^~\\&|PIMS|BRO|HUB|NHS|20240501||night.hl7||F1\r"
BHS = b"BHS|^~\\&|PIMS|BRO|HUB|NHS|20240501||updates||B%d\r"


def member(number: int) -> bytes:
    return b"MSH|^~\\&|PIMS|BRO|HUB|NHS|20240501||ADT^A31|C%d|P|2.5\rPID|||%d||Jones\r" % (number, number)


def batch(*numbers: int, declared: bytes | None = None, name: int = 1) -> bytes:
    count = b"%d" % len(numbers) if declared is None else declared
    return BHS % name + b"".join(map(member, numbers)) + b"BTS|" + count + b"\r"


def read(body: bytes) -> tuple[list[Member], list[str]]:
    reader = BatchReader(body)
    return list(reader), [f"{issue.rule} {issue.where}".strip() for issue in reader.issues]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\x0b\r\n"])
def test_members_are_the_same_bytes_as_alone(end: bytes, before: bytes) -> None:
    body = before + (FHS + batch(1, 2) + batch(3, name=2) + b"FTS|2\r").replace(b"\r", end)
    assert is_batch(body)
    members, issues = read(body)
    assert [each.body for each in members] == [member(1), member(2), member(3)]
    assert [each.number for each in members] == [1, 2, 3]
    assert [each.header and each.header["11"] for each in members] == ["B1", "B1", "B2"]
    assert issues == []


def test_pieces_of_any_size_make_the_same_lines() -> None:
    class Trickle(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(7)

    body = (FHS + batch(1, 2) + b"FTS|1\r").replace(b"\r", b"\r\n")
    assert [each.body for each in BatchReader(Trickle(body))] == [member(1), member(2)]


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        (batch(1, 2), []),
        (FHS + member(1) + b"FTS|\r", []),
        (FHS + batch() + b"FTS|1\r", []),
        (batch(1, 2, declared=b""), []),
        (batch(1, 2, declared=b"002"), []),
        (batch(1, 2, declared=b"3"), ["batch-count BTS-1"]),
        (batch(declared=b"0"), []),
        (FHS + batch(1) + b"FTS|2\r", ["batch-count FTS-1"]),
        (FHS + batch(1), ["batch-trailer FTS"]),
        (FHS + BHS % 1 + member(1), ["batch-trailer BTS", "batch-trailer FTS"]),
        (FHS + BHS % 1 + member(1) + b"FTS|1\r", ["batch-trailer BTS"]),
        (FHS + BHS % 1 + member(1) + batch(2) + b"FTS|2\r", ["batch-trailer BTS"]),
        (batch(1) + FHS + b"FTS|1\r", ["batch-header FHS"]),
        (FHS + b"PID|1\r" + batch(1) + b"FTS|1\r", ["batch-segment"]),
        (FHS + b"FTS|0\r" + member(1), ["batch-trailer FTS"]),
        (BHS % 1 + b"FTS|1\rBTS|0\r", ["batch-trailer BTS", "batch-trailer FTS", "batch-trailer FTS", "batch-trailer BTS"]),
    ],
)
def test_counts_and_trailers(body: bytes, findings: list[str]) -> None:
    assert read(body)[1] == findings


def answers(reader: BatchReader, code: str = "AA") -> Iterator[tuple[Member, bytes]]:
    for each in reader:
        yield each, acknowledge(parse(each.body), Verdict("AE" if each.number == 2 else "AA"), AT)


def test_the_acknowledgement_has_a_verdict_for_each_message() -> None:
    reader = BatchReader(FHS + batch(1, 2, declared=b"9") + batch(3, name=2) + b"FTS|2\r")
    written = b"".join(write_acknowledgement(reader, answers(reader), AT))
    lines = written.decode().split("\r")[:-1]
    assert [line[:3] for line in lines] == ["FHS", "BHS", "MSH", "MSA", "MSH", "MSA", "BTS", "BHS", "MSH", "MSA", "BTS", "FTS"]
    assert [line for line in lines if line.startswith("MSA")] == ["MSA|AA|C1", "MSA|AE|C2", "MSA|AA|C3"]
    assert lines[0] == "FHS|^~\\&|HUB|NHS|PIMS|BRO|20240501123000+0100||night.hl7|||F1"
    assert lines[1] == "BHS|^~\\&|HUB|NHS|PIMS|BRO|20240501123000+0100||updates|||B1"
    assert lines[6] == "BTS|2|BTS-1 does not match the number of messages, which is 2"
    assert lines[-2:] == ["BTS|1", "FTS|2"]
    back = BatchReader(written)
    assert len(list(back)) == 3
    assert back.issues == []


def test_an_empty_batch_is_acknowledged_too() -> None:
    reader = BatchReader(BHS % 1 + b"BTS|0\r")
    lines = b"".join(write_acknowledgement(reader, answers(reader), AT)).decode().split("\r")
    assert [line[:3] for line in lines] == ["BHS", "BTS", ""]


@pytest.mark.parametrize(
    ("body", "headers", "trailers"),
    [
        (BHS % 1 + member(1) + b"BTS|1\r", [], ["BTS|1"]),
        ((BHS % 1).replace(b"|", b"$") + member(1) + b"BTS$1\r", [], ["BTS$1"]),
        (FHS.replace(b"|", b"$") + BHS % 1 + member(1) + b"BTS|1\rFTS$1\r", ["FHS$^~\\&$"], ["BTS$1", "FTS$1"]),
        (member(1), [], ["BTS|1"]),
    ],
)
def test_a_trailer_has_the_delimiters_of_the_header_of_the_file_else_of_the_batch(
    body: bytes, headers: list[str], trailers: list[str]
) -> None:
    reader = BatchReader(body)
    lines = b"".join(write_acknowledgement(reader, answers(reader), AT)).decode().split("\r")
    assert [line[:9] for line in lines if line.startswith("FHS")] == headers
    assert [line for line in lines if line.startswith(("BTS", "FTS"))] == trailers


def test_a_header_that_is_not_utf_8_is_read_all_the_same() -> None:
    reader = BatchReader((BHS % 1).replace(b"updates", b"caf\xe9") + member(1) + b"BTS|1|\xe9\r")
    assert [each.body for each in reader] == [member(1)]
    assert (reader.issues, [each["9"] for each in reader.batch_headers]) == ([], ["caf\ufffd"])


def test_ten_thousand_messages_in_little_memory() -> None:
    body = FHS + batch(*range(10_000)) + b"FTS|1\r"
    stream = BytesIO(body)
    tracemalloc.start()
    reader = BatchReader(stream)
    count = sum(1 for _ in reader)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, reader.issues) == (10_000, [])
    assert peak < 1_000_000


HEADED = b"BHS|^~\\&|A\r"
NOTED = b"MSH|^~\\&|A|B|||1||ORU^R01|1|P|2.5\rNTE|1||one\ntwo|x\rOBX|1\r"


def bodies(source: bytes) -> list[bytes]:
    return [member.body for member in BatchReader(source)]


def test_a_line_feed_inside_a_field_of_a_member_is_kept_where_cr_ends_the_segments() -> None:
    assert bodies(HEADED + NOTED + NOTED + b"BTS|2\r") == [NOTED, NOTED]


def test_messages_with_a_line_feed_between_them_stay_two() -> None:
    assert bodies(HEADED + NOTED.rstrip(b"\r") + b"\n" + NOTED.rstrip(b"\r") + b"\nBTS|2") == [NOTED, NOTED]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_where_another_end_is_used_it_ends_every_line(end: bytes) -> None:
    plain = NOTED.replace(b"\n", b" ")
    assert bodies((HEADED + plain + b"BTS|1\r").replace(b"\r", end)) == [plain]


@pytest.mark.parametrize("at", range(-12, 6))
def test_the_edge_of_a_piece_changes_nothing(at: int) -> None:
    """Pieces are 64 KiB: wherever that edge falls, in a line end, behind a line feed or in a header, the members are the same."""
    filler = b"MSH|^~\\&|A|B|||1||ORU^R01|1|P|2.5\rNTE|1||"
    for mark in (b"one\ntwo\rOBX|1\r", b"x\n", b"x\r"):
        long = filler + b"y" * ((1 << 16) - len(HEADED) - len(filler) + at) + mark
        source = HEADED + long + NOTED + b"BTS|2\r"
        whole = [long.rstrip(b"\n\r") + b"\r", NOTED]
        assert bodies(source) == whole, mark


@pytest.mark.parametrize(("wrong", "reported"), [(49, 49), (50, 50), (51, 50), (80, 50)])
def test_no_more_than_fifty_findings_of_a_file_are_reported(wrong: int, reported: int) -> None:
    _, issues = read(b"".join(batch(1, declared=b"7") for _ in range(wrong)))
    assert issues == [issues[0]] * reported
