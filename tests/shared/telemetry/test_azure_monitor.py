"""What leaves for Azure Monitor, read at a stand-in for its endpoint: all that was said, and nothing that was not listed.

In a process of its own: OpenTelemetry's providers cannot be set up twice.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[3]
SAY = """
import json, logging, os
from toolkit.local.simulators.ingestion import Ingestion
ingestion = Ingestion()
os.environ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = ingestion.connection_string
os.environ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL"] = "true"
from shared import telemetry
from shared.telemetry import azure_monitor, events
telemetry.emit("hub.message", integration="early", outcome="delivered")
telemetry.flush()
with telemetry.span("accept", kind="SERVER", integration="x", surname="CANARY1") as first:
    for _ in range(20):
        with telemetry.span("stage"):
            pass
    telemetry.emit("hub.message", integration="x", outcome="delivered", e2e_ms=12.5)
    first.set("note", "CANARY2")
with telemetry.span("replay", link=first.traceparent):
    pass
with telemetry.span("deliver", first.traceparent, kind="CONSUMER") as later:
    try:
        raise ValueError("CANARY3")
    except ValueError as problem:
        later.recorded.record_exception(problem)
        logging.getLogger(azure_monitor.LOGGER).exception("CANARY4", extra={"note": "CANARY5"})
        telemetry.fault(problem)
telemetry.flush()
print(json.dumps({"items": ingestion.items, "trace": first.traceparent, "events": ingestion.events()}))
"""


@pytest.fixture(scope="module")
def left() -> dict:
    ran = subprocess.run([sys.executable, "-c", SAY], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=True)
    return json.loads(ran.stdout)


@pytest.mark.slow
def test_every_event_leaves_early_ones_too(left: dict) -> None:
    assert [e["integration"] for e in left["events"] if e["name"] == "hub.message"] == ["early", "x"]
    assert any(e["name"] == "hub.fault" and e["error_code"] == "ValueError" for e in left["events"])


@pytest.mark.slow
def test_every_span_is_kept_and_shares_one_operation(left: dict) -> None:
    kinds = ("RequestData", "RemoteDependencyData")
    spans = [item for item in left["items"] if item["data"]["baseType"] in kinds]
    [replayed] = [item for item in spans if item["data"]["baseData"]["name"] == "replay"]
    assert len(spans) == 23
    assert {item["tags"]["ai.operation.id"] for item in spans if item is not replayed} == {left["trace"].split("-")[1]}


@pytest.mark.slow
def test_a_link_leaves_as_the_workbook_reads_it(left: dict) -> None:
    [replayed] = [item for item in left["items"] if item["data"]["baseData"].get("name") == "replay"]
    _, trace, span, _ = left["trace"].split("-")
    assert replayed["tags"]["ai.operation.id"] != trace
    assert json.loads(replayed["data"]["baseData"]["properties"]["_MS.links"]) == [{"operation_Id": trace, "id": span}]


@pytest.mark.slow
def test_an_event_belongs_to_the_operation_it_was_said_in(left: dict) -> None:
    events = [item for item in left["items"] if item["data"]["baseType"] == "EventData"]
    assert left["trace"].split("-")[1] in {item["tags"].get("ai.operation.id") for item in events}


@pytest.mark.slow
def test_nothing_else_leaves(left: dict) -> None:
    assert "CANARY" not in json.dumps(left["items"])


def test_a_no_op_without_a_connection_string() -> None:
    say = "import sys; from shared import telemetry; telemetry.emit('hub.heartbeat'); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", say], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "opentelemetry" not in ran.stdout
