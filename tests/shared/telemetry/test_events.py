"""What is emitted, to whom, and what cannot be emitted."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.privacy import shown
from shared.telemetry import KEYS, azure_monitor, current, emit, events, fault, span, subscribe, unsubscribe
from shared.telemetry.azure_monitor import SPAN_KEYS
from shared.telemetry.traceparent import parse
from shared.telemetry.tracing import Finished, unwatch, watch

ROOT = Path(__file__).resolve().parents[3]
LISTED = {"emit": KEYS, "span": SPAN_KEYS | {"kind", "parent", "link"}}  # what is called, and its keys
Emitted = list[tuple[str, dict[str, object]]]


@pytest.fixture
def emitted() -> Iterator[Emitted]:
    emitted: Emitted = []

    def sink(name: str, keys: dict[str, events.Value]) -> None:
        emitted.append((name, dict(keys)))

    subscribe(sink)
    yield emitted
    unsubscribe(sink)


def test_an_event_reaches_every_subscriber(emitted: Emitted) -> None:
    emit("hub.message", integration="phw-to-mpi", outcome="delivered", e2e_ms=87.5)
    assert emitted == [("hub.message", {"integration": "phw-to-mpi", "outcome": "delivered", "e2e_ms": 87.5, "traceparent": ""})]


def test_an_unknown_key_is_refused(emitted: Emitted) -> None:
    with pytest.raises(ValueError, match="surname"):
        emit("hub.message", surname="x")
    assert not emitted


def test_free_text_is_withheld(emitted: Emitted) -> None:
    emit("hub.attempt", error_code='patient "Siân" unknown')
    assert emitted[0][1]["error_code"] == "(withheld)"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("error_code", "Mrs Jones"), ("error_code", "a9990000018"), ("integration", "999-000-0018"), ("rule", "x 9990000018")),
        *(("destination", "\x1b[2J"), ("queue", "a\nb"), ("partner", "Siân"), ("frames", "x" * 601), ("outcome", "\u202ex")),
    ],
)
def test_a_word_of_ours_is_one_word_and_holds_no_nhs_number(key: str, value: str, emitted: Emitted) -> None:
    emit("hub.attempt", **{key: value})
    assert emitted[0][1][key] == "(withheld)"


def test_a_correlation_id_that_is_none_leaves_as_a_hash_and_a_message_id_as_it_is(emitted: Emitted) -> None:
    ours = f"1-{'9990000018' * 3}ab.{'a' * 32}"
    emit("hub.attempt", correlation_id="Mrs Jones")
    emit("hub.attempt", correlation_id=ours, message_id=ours)
    assert emitted[0][1]["correlation_id"] == shown("correlation", "Mrs Jones")
    assert (emitted[1][1]["correlation_id"], emitted[1][1]["message_id"]) == (ours, ours)


def test_a_fault_tells_where_and_not_what(emitted: Emitted) -> None:
    try:
        raise ValueError("CANARY")
    except ValueError as problem:
        fault(problem, integration="x")
    ((name, keys),) = emitted
    assert (name, keys["error_code"], keys["integration"]) == ("hub.fault", "ValueError", "x")
    assert "test_events.py" in str(keys["frames"])
    assert "CANARY" not in str(keys)


def test_every_event_in_the_code_uses_listed_keys() -> None:
    """The list is checked where it is called too: a key in a branch that no test takes would else fail in production."""
    wrong, calls = [], Counter[str]()
    for folder in ("shared", "integrations", "toolkit"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Call) and (name := _called(node)) in LISTED:
                    known, calls[name] = LISTED[name], calls[name] + 1
                    wrong += [f"{path.name}:{node.lineno} {k.arg}" for k in node.keywords if k.arg and k.arg not in known]
    assert not wrong
    assert calls["emit"] > 30  # the hub's own way; a new name for it would leave nothing to look at
    assert set(calls) == set(LISTED)


def test_every_attribute_that_is_set_later_is_listed() -> None:
    """``here.set(...)`` and ``note(...)``: a key that is not on the list would not be sent, and no one would see it missing."""
    found = {
        str(node.args[0].value)
        for path in (ROOT / "shared").rglob("*.py")
        if "telemetry.tracing import" in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _called(node) in ("set", "note") and len(node.args) == 2
        if isinstance(node.args[0], ast.Constant)
    }
    assert {"outcome", "error_code", "attempt"} <= found <= SPAN_KEYS


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def test_one_trace_over_all_hops() -> None:
    with span("accept") as first:
        assert current() == first.traceparent
        with span("transform") as inner:
            pass
    with span("deliver", first.traceparent) as later:
        pass
    traces = [parse(s.traceparent) for s in (first, inner, later)]
    assert all(traces)
    assert len({t[0] for t in traces if t}) == 1
    assert len({t[1] for t in traces if t}) == 3
    assert current() == ""


@pytest.mark.parametrize("parent", ["", "nonsense", f"00-{'0' * 32}-{'1' * 16}-01", f"ff-{'a' * 32}-{'1' * 16}-01"])
def test_a_new_trace_when_the_parent_is_none(parent: str) -> None:
    with span("accept", parent) as made:
        assert parse(made.traceparent)
    assert made.traceparent[3:35] not in parent


def test_a_watcher_gets_what_the_exporter_would_get() -> None:
    ended: list[Finished] = []
    watch(ended.append)
    with span("accept", integration="Mrs Jones!", surname="CANARY") as here:
        here.set("note", "CANARY")
        here.link("CANARY")
    unwatch(ended.append)
    assert ended[0].attributes == {"integration": "(withheld)"}
    assert "CANARY" not in str(ended)


def test_of_a_span_leave_listed_keys_alone() -> None:
    """What the exporter would get: no key that is not listed, no text that is none of ours, no event, no description."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import Status, StatusCode

    from shared.telemetry.processors import AllowedSpans

    provider, exporter = TracerProvider(), InMemorySpanExporter()
    for each in (AllowedSpans(), SimpleSpanProcessor(exporter)):
        provider.add_span_processor(each)
    made = provider.get_tracer("test").start_span("accept Jones, Ann!")
    given = dict.fromkeys((*SPAN_KEYS, "surname", "http.url", "note"), "CANARY of Mrs Jones!") | {"attempt": 3, "outcome": "dead"}
    made.set_attributes(given)
    made.record_exception(ValueError("CANARY"))
    made.set_status(Status(StatusCode.ERROR, "CANARY"))
    made.end()
    (left,) = exporter.get_finished_spans()
    kept = dict(left.attributes or {})
    assert set(kept) == SPAN_KEYS
    assert (kept["attempt"], kept["outcome"]) == (3, "dead")
    assert (left.name, left.events, left.status.status_code) == ("(withheld)", (), StatusCode.ERROR)
    assert "CANARY" not in left.to_json()


def test_of_a_log_record_leave_listed_keys_alone() -> None:
    from types import SimpleNamespace

    from shared.telemetry.azure_monitor import EVENT_NAME
    from shared.telemetry.processors import AllowedLogs

    ours = {EVENT_NAME: "hub.message", "integration": "phw-to-mpi", "surname": "CANARY", "exception.message": "CANARY"}
    for attributes, kept, body in (
        (ours, {EVENT_NAME: "hub.message", "integration": "phw-to-mpi"}, "hub.message"),
        ({"surname": "CANARY"}, {}, "(withheld)"),
        (None, {}, "(withheld)"),
    ):
        record = SimpleNamespace(attributes=attributes, body="CANARY")
        AllowedLogs().on_emit(SimpleNamespace(log_record=record))  # type: ignore[arg-type]
        assert (record.attributes, record.body) == (kept, body)


def test_events_that_wait_for_a_set_up_that_failed_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure_monitor, "is_ready", lambda: False)
    monkeypatch.setattr(azure_monitor.Exporter, "_set_up", lambda exporter: None)
    exporter = azure_monitor.Exporter()
    for n in range(azure_monitor.QUEUED + 5):
        exporter.send("hub.message", {"count": n})
    assert len(exporter._queued) == azure_monitor.QUEUED
    assert exporter._queued[-1] == ("hub.message", {"count": azure_monitor.QUEUED + 4})
