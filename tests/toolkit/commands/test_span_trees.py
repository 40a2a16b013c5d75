"""What ``./hub trace --spans`` shows: the tree of one message, and of what it is linked to, and no other message's."""

import json
from pathlib import Path

import pytest

from shared.telemetry import tracing
from shared.telemetry.tracing import Finished
from toolkit.commands.operate.span_trees import Forest, show_spans
from toolkit.local import spans

TRACE, OTHER = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"


def context(number: int, trace: str = TRACE) -> str:
    return f"00-{trace}-{number:015x}a-01"


def ended(name: str, number: int, parent: str = "", *links: str, trace: str = TRACE, ms: float = 1.0) -> Finished:
    return Finished(
        name=name,
        traceparent=context(number, trace),
        parent=parent,
        kind="INTERNAL",
        links=links,
        start=1_770_000_000.0 + number,
        ms=ms,
        attributes={"integration": "a-to-b"},
    )


CALLER = context(99)
MESSAGE = [ended("accept", 1, CALLER), ended("deliver", 3, context(2)), ended("attempt", 2, context(1), ms=12.5)]
SAME_TRACE = [ended("accept", 5, CALLER), ended("attempt", 6, context(5))]
BATCH = [ended("batch", 7, trace=OTHER), ended("split", 8, context(7, OTHER), trace=OTHER)]


def names(found: list) -> list[list[str]]:  # type: ignore[type-arg]
    return [[each.span.name for each in tree.all()] for tree in found]


def test_the_tree_of_one_message() -> None:
    assert names(Forest(MESSAGE).of([context(1)])) == [["accept", "attempt", "deliver"]]


def test_a_sender_who_uses_one_trace_for_everything_does_not_mix_messages() -> None:
    assert names(Forest([*MESSAGE, *SAME_TRACE]).of([context(5)])) == [["accept", "attempt"]]


def test_what_it_is_linked_to_is_shown_after_it() -> None:
    member = ended("accept", 9, "", context(8, OTHER))
    assert names(Forest([*BATCH, member]).of([context(9)])) == [["accept"], ["batch", "split"]]


def test_from_a_span_in_the_middle_the_tree_begins_at_its_top() -> None:
    assert names(Forest(MESSAGE).of([context(2), context(1)])) == [["accept", "attempt", "deliver"]]


def test_without_the_first_span_the_tree_begins_lower() -> None:
    assert names(Forest(MESSAGE[1:]).of([context(1)])) == [["attempt", "deliver"]]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "host" / "spans.jsonl"
    monkeypatch.setenv(spans.SETTING, str(path))
    path.parent.mkdir()
    path.write_text("\n".join(json.dumps(one._asdict()) for one in MESSAGE) + '\n{"cut')
    return path


def test_lines_are_indented_with_durations(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_spans([context(1)], as_json=False) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"trace {TRACE}  continues span 000000000000063a of the caller"
    assert [line[:19].rstrip() for line in lines] == ["  accept", "    attempt", "      deliver"]
    assert "12.5 ms  +1.000 s  integration a-to-b" in lines[1]


def test_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_spans([context(1)], as_json=True)
    [trace] = json.loads(capsys.readouterr().out)["traces"]
    [top] = trace["spans"]
    assert (trace["trace"], trace["continues"]) == (TRACE, "000000000000063a")
    assert (top["name"], top["children"][0]["name"], top["children"][0]["ms"]) == ("accept", "attempt", 12.5)


def test_no_spans_is_one_line_and_status_1(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_spans([context(42)], as_json=False) == 1
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_file_is_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "LARGEST", 1000)
    monkeypatch.setattr(tracing, "_watchers", [])
    spans.record(file)
    for _ in range(20):
        with tracing.span("accept", integration="a-to-b"):
            pass
    assert sum(each.stat().st_size for each in file.parent.iterdir()) < 3000
    assert spans.read(file)[-1].attributes == {"integration": "a-to-b"}
