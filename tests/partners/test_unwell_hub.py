"""What a hub answers that cannot store or that fails, and one that is busy: each answer is in the document."""

import gzip
import json
import random
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from integrations import load
from shared.budget import SMALL, Memory
from shared.delivery import load as pressure
from shared.envelope import Answer
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.legacy import accept_legacy_http
from shared.intake.triggers.self_test import self_test
from shared.integration import Integration
from shared.ops.agreement_api import show_agreement
from shared.ops.message_status import status
from shared.partner_docs.openapi import document
from shared.partner_docs.samples import as_sent, samples
from shared.storage.memory import MemoryStore
from shared.storage.store import Away
from tests.callers.world import Quiet
from tests.partners.contract import Answered, breaches
from tests.partners.provocations import NAMES, RIGHTS

NOW = 1_800_000_000.0
INTEGRATIONS = tuple(load(name) for name in NAMES)
DOCUMENT = document(INTEGRATIONS)


@pytest.fixture(autouse=True)
def partner(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"name": "own", "keys": [sha256(b"own").hexdigest()], **RIGHTS["own"]}
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([own]))


class Gone(MemoryStore):
    """A store that is away, whatever is called."""

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return self._away if callable(found) and not name.startswith("_") else found

    async def _away(self, *_: Any, **__: Any) -> Any:
        raise Away


def hub_of(integration: Integration, store: MemoryStore) -> Quiet:
    return Quiet(store, {integration.name: integration}, now=lambda: NOW, random=random.Random(1))


def first(integration: Integration) -> tuple[dict[str, str], bytes]:
    """Headers and body of a message that is accepted."""
    sample = next(each for each in samples(integration) if not each.is_rejected)
    return {"x-hub-key": "own", "content-type": as_sent(integration, sample).content_type}, sample.body


def held(method: str, path: str, answer: Answer, expected: int) -> None:
    """The answer has this status and is in the document."""
    headers = {"content-type": answer.content_type, **answer.headers}
    assert answer.status == expected
    assert breaches(DOCUMENT, method, path, Answered(answer.status, headers, answer.body)) == []
    if expected in (429, 503):
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name.replace("-", "_"))
async def test_a_hub_without_storage_answers_503(integration: Integration) -> None:
    hub, (headers, body), path = hub_of(integration, Gone(lambda: NOW)), first(integration), f"/api/v1/{integration.name}"
    held("POST", path, await accept_http(integration, headers, body, hub), 503)
    held("GET", f"{path}/messages/{{id}}", await status(integration, headers, f"{'1f' * 8}.{'2a' * 8}", hub), 503)
    held("GET", f"{path}/agreement", await show_agreement(integration, headers, {}, hub), 503)


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name.replace("-", "_"))
async def test_a_hub_that_fails_answers_500(integration: Integration) -> None:
    def fails(content: object) -> str:
        raise RuntimeError

    broken = replace(integration, lane=fails)
    headers, body = first(integration)
    held(
        "POST", f"/api/v1/{broken.name}", await accept_http(broken, headers, body, hub_of(broken, MemoryStore(lambda: NOW))), 500
    )


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name.replace("-", "_"))
async def test_a_hub_that_is_busy_answers_429(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_busy(*_: object) -> int:
        return 17

    monkeypatch.setattr(pressure, "overload", is_busy)
    hub, (headers, body) = hub_of(integration, MemoryStore(lambda: NOW)), first(integration)
    held("POST", f"/api/v1/{integration.name}", await accept_http(integration, headers, body, hub), 429)
    for _ in range(21):
        answer = await accept_http(integration, {**headers, "x-hub-key": "wrong"}, body, hub)
    held("POST", f"/api/v1/{integration.name}", answer, 429)


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name.replace("-", "_"))
@pytest.mark.parametrize("form", ["as it is", "compressed"])
async def test_a_hub_without_memory_answers_429_and_stores_nothing(integration: Integration, form: str) -> None:
    store = MemoryStore(lambda: NOW)
    hub, (headers, body) = hub_of(integration, store), first(integration)
    given = hub.remembered(Memory).budget
    assert given.try_take(given.total)
    large = body + b" " * SMALL
    sent = (headers, large) if form == "as it is" else ({**headers, "content-encoding": "gzip"}, gzip.compress(large, mtime=0))
    path = f"/api/v1/{integration.name}"
    held("POST", path, await accept_http(integration, *sent, hub), 429)
    assert hub.counts == {(integration.name, "busy"): 1}
    held("POST", f"{path}/check", await self_test(integration, *sent, hub), 429)
    assert not any(rows for table in store.tables.values() for rows in table.values())
    assert not any(store.containers.values())
    assert given.held == given.total
    given.give(given.total)
    assert (await accept_http(integration, *sent, hub)).status not in (429, 500, 503)
    assert given.held == 0


@pytest.mark.parametrize(("body", "headers", "expected"), [(b"x", {"x-control-id": "1"}, 202), (b"x", {}, 422)])
async def test_what_a_replaced_engine_is_answered_in_a_parallel_run(
    monkeypatch: pytest.MonkeyPatch, body: bytes, headers: dict[str, str], expected: int
) -> None:
    monkeypatch.setenv("PHW_TO_MPI__MODE", "observe")
    phw = load("phw-to-mpi")
    answer = await accept_legacy_http(phw, {"x-hub-key": "own", **headers}, body, hub_of(phw, MemoryStore(lambda: NOW)))
    held("POST", "/api/v1/phw-to-mpi/legacy", answer, expected)
