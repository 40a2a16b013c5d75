"""Examples: samples as requests, and the answers that the hub gives to them."""

from functools import cache
from typing import Any

import orjson

from shared import formats
from shared.envelope import Answer
from shared.formats.encoding import TOO_LARGE
from shared.formats.format import Format
from shared.formats.media import FHIR_JSON, JSON, NOT_GIVEN, NOT_TAKEN
from shared.intake.answers import BUSY
from shared.intake.decide import decide
from shared.intake.request import EMPTY
from shared.intake.triggers.http import Bound
from shared.integration import Integration
from shared.issue import Issue, Verdict
from shared.ledger.arrivals.arrival import AWAY
from shared.partner_docs.samples import RECEIVED_AT, Sample, as_sent, samples

FAILED = Issue(severity="fatal", code="exception", text="the hub failed", rule="fault")
TRIED = 6  # samples of each group among which an example is looked for
LONGEST = 8192  # bytes of a sample that is an example
AT_THE_DOOR: dict[str, Verdict] = {
    "400": Verdict("AR", (EMPTY,)),
    "406": Verdict("AR", (NOT_GIVEN,)),
    "413": Verdict("AR", (TOO_LARGE,)),
    "415": Verdict("AR", (NOT_TAKEN,)),
    "429": Verdict("AE", (BUSY,)),
    "500": Verdict("AE", (FAILED,)),
    "503": Verdict("AE", (AWAY,)),
}
ID = "1f0c9d4e5a6b7c8d.2a4b6c8d0e1f3a5b"
STATUS = {
    "id": ID,
    "integration": "phw-to-mpi",
    "outcome": "delivered",
    "control_id": "PHW000007",
    "received": RECEIVED_AT,
    "ended": "2026-05-01T09:30:00.150Z",
    "attempts": 1,
    "ambiguous": False,
    "sent_again": 0,
}
UNFINISHED = {name: value for name, value in STATUS.items() if name != "ended"} | {"outcome": "waiting", "attempts": 0}
DONE = {"severity": "information", "code": "informational", "details": {"text": "delivered"}}
BATCH_RESPONSE = {
    "resourceType": "Bundle",
    "type": "batch-response",
    "entry": [
        {
            "response": {
                "status": "200",
                "lastModified": "2026-05-01T09:30:00.150Z",
                "outcome": {"resourceType": "OperationOutcome", "issue": [DONE]},
            }
        }
    ],
}
IN_PROGRESS = {
    "resourceType": "OperationOutcome",
    "issue": [{**DONE, "details": {"text": "in progress: waiting"}}],
}
UNKNOWN = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "not-found", "details": {"text": "no such message, or not one of yours"}}],
}
AGREEMENT = {
    "integration": "phw-to-mpi",
    "mode": "observe",
    "agreement": 0.998,
    "pairs": 1000,
    "same": 990,
    "agreed": 8,
    "different": 2,
    "unpaired": 0,
    "waiting": 3,
    "differences": [{"path": "PID-5.2", "cause": "changed", "rule": "", "pairs": 2, "count": 2}],
    "hours": [{"at": "2026-05-01T09", "agreement": 0.998, "pairs": 1000, "unpaired": 0}],
}


def requests(integration: Integration, form: Format, media: str) -> dict[str, Any]:
    """Samples of a format as ``examples`` of a request: the first short one that is accepted, and the first that is rejected."""
    found: dict[str, Any] = {}
    for sample in _shown(integration):
        name = "rejected" if sample.is_rejected else "accepted"
        if name not in found and formats.recognise(sample.body) is form:
            found[name] = {"summary": sample.name.replace("_", " "), "value": form.shown(sample.body, media)}
    return {"examples": dict(sorted(found.items()))} if found else {}


@cache
def _shown(integration: Integration) -> tuple[Sample, ...]:
    """Short samples: the first accepted and the first rejected ones of each extension."""
    short = [each for each in samples(integration) if len(each.body) <= LONGEST and each.is_utf8]
    groups = dict.fromkeys((each.is_rejected, each.extension) for each in short)
    by_group = [[each for each in short if (each.is_rejected, each.extension) == group][:TRIED] for group in sorted(groups)]
    return tuple(each for group in by_group for each in group)


def answers(integration: Integration, status: str, media: str) -> dict[str, Any]:
    """Answers of a status in a media type as ``examples``: as the hub gives them to the samples."""
    if media not in (formats.answers(integration.source)[0], FHIR_JSON):
        return {}  # the others hold the same
    found: dict[str, Any] = {}
    for sample in _shown(integration):
        name = "rejected" if sample.is_rejected else "accepted"
        if name in found or (found and status in AT_THE_DOOR and status not in _of_verdicts(integration)):
            continue
        answer = _of_hub(integration, sample, status, media)
        if answer.status == int(status) and answer.body and answer.content_type.startswith(media):
            found[name] = {"summary": f"To the sample {sample.file}", "value": _value(answer)}
    return {"examples": found} if found else {}


def _value(answer: Answer) -> Any:
    return orjson.loads(answer.body) if answer.content_type in (FHIR_JSON, JSON) else answer.body.decode()


def _of_hub(integration: Integration, sample: Sample, status: str, media: str) -> Answer:
    """The answer to a sample; where the status is not that of a verdict, the answer to a request that is rejected with it."""
    if status in _of_verdicts(integration) or status not in AT_THE_DOOR:
        return _decided(integration, sample, media)
    given = integration.source.acknowledge(as_sent(integration, sample, media), None, AT_THE_DOOR[status])
    return _bound(integration, given._replace(status=int(status)), media)


@cache
def _decided(integration: Integration, sample: Sample, media: str) -> Answer:
    return _bound(integration, decide(integration, as_sent(integration, sample, media)).answer, media)


def _of_verdicts(integration: Integration) -> set[str]:
    return {status for form in formats.of(integration.source) for status in form.verdicts}


def _bound(integration: Integration, answer: Answer, media: str) -> Answer:
    source = integration.source
    return source.over_http(media, answer) if isinstance(source, Bound) else answer


def readable(value: Any) -> str:
    """An example as a person reads it: a line for each segment, JSON with a value on each line."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
