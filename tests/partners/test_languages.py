"""Every answer over HTTP whose text follows ``Accept-Language`` names its language and says that it varies.

Enumerated: each integration with a door, each media type that it answers in, each way to be answered. The same request is made
with and without Welsh: where the bodies differ, the answer has both headers; where an answer has them, it is in that language.
"""

import json
import random
import re
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from integrations import load_all
from shared import formats
from shared.envelope import Answer
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.legacy import accept_legacy_http
from shared.intake.triggers.self_test import self_test
from shared.integration import Http, Integration
from shared.ops.agreement_api import show_agreement
from shared.ops.message_status import status
from shared.storage.memory import MemoryStore
from tests.callers.world import Quiet
from toolkit.samples import Sample, samples

KEY = "a key"
NOW = 1_800_000_000.0
OPEN = [each for each in load_all() if any(isinstance(trigger, Http) for trigger in each.triggers)]
WELSH = {"accept-language": "cy, en;q=0.5"}
BOTH = {"Content-Language": "cy", "Vary": "Accept-Language"}
Asked = tuple[str, Answer]


@pytest.fixture(autouse=True)
def partner(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"name": "one", "keys": [sha256(KEY.encode()).hexdigest()], "integrations": ["*"], "senders": ["*"]}
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([known | {"roles": ["admin", "legacy"]}]))


def chosen_samples(integration: Integration) -> list[Sample]:
    """One sample that is accepted without a finding, one with a warning, one rejected, and a batch, where there are such."""
    found: dict[str, Sample] = {}
    for each in samples(integration):
        kind = "rejected" if each.name.startswith("rejected") else "warned" if _golden(each).exists() else "accepted"
        found.setdefault(kind, each)
    return list(found.values())


def _golden(sample: Sample) -> Path:
    return sample.path.with_name(f"{sample.name}.issues.json")


async def every_answer(integration: Integration, more: Mapping[str, str]) -> AsyncIterator[Asked]:
    """Each way to be answered by this integration, with its name; ``more``: headers of every call."""
    store = MemoryStore(lambda: NOW)
    hub = Quiet(store, {integration.name: integration}, now=lambda: NOW, random=random.Random(1))
    for media in formats.answers(integration.source):
        headers = {"x-hub-key": KEY, "accept": media, **more}
        for sample in chosen_samples(integration):
            sent = {**headers, "content-type": sample.envelope.content_type}
            first = await accept_http(integration, sent, sample.body, hub)
            yield f"{media} {sample.name}", first
            yield f"{media} {sample.name} again", await accept_http(integration, sent, sample.body, hub)
            yield f"{media} {sample.name} check", await self_test(integration, sent, sample.body, hub)
            yield f"{media} {sample.name} twice", await accept_http(integration, sent, _batch(sample), hub)
            yield f"{media} {sample.name} twice again", await accept_http(integration, sent, _batch(sample), hub)
            if id := first.headers.get("X-Message-Id"):
                yield f"{media} {sample.name} status", await status(integration, headers, id, hub)
        yield f"{media} empty", await accept_http(integration, headers, b"", hub)
        yield f"{media} image", await accept_http(integration, {**headers, "content-type": "image/png"}, b"x", hub)
        yield f"{media} not gzip", await accept_http(integration, {**headers, "content-encoding": "gzip"}, b"x", hub)
        yield f"{media} check of nothing", await self_test(integration, headers, b"", hub)
        yield f"{media} no key", await accept_http(integration, {**headers, "x-hub-key": "another"}, b"x", hub)
        yield f"{media} no such message", await status(integration, headers, "none.0", hub)
        yield f"{media} legacy", await accept_legacy_http(integration, headers, b"x", hub)
        yield f"{media} agreement", await show_agreement(integration, headers, {}, hub)


def _batch(sample: Sample) -> bytes:
    """A file of the same message twice, for a format that has batches; otherwise the body itself."""
    _, _, rest = sample.body.partition(b"\n")
    if sample.extension == "csv":
        return sample.body + rest
    return b"BHS|^~\\&\r" + sample.body + b"\r" + sample.body + b"\rBTS|2\r" if sample.extension == "hl7" else sample.body


@pytest.mark.parametrize("integration", OPEN, ids=lambda each: each.name.replace("-", "_"))
async def test_an_answer_in_welsh_says_so(integration: Integration) -> None:
    plain = {name: answer async for name, answer in every_answer(integration, {})}
    wrong = []
    async for name, answer in every_answer(integration, WELSH):
        headers = {key: answer.headers.get(key, "") for key in BOTH}
        follows = _text(plain[name]) != _text(answer)
        if follows and headers != BOTH:
            wrong.append(f"{name}: {answer.status} is in Welsh, and its headers do not say so: {headers}")
        if answer.headers.get("Content-Language") and not answer.headers.get("Vary"):
            wrong.append(f"{name}: {answer.status} has a language and no Vary")
    assert wrong == []


def _text(answer: Answer) -> str:
    """What of a body depends on the language: its text without times and ids."""
    return re.sub(r"\d{4,}[\d.:TZ+-]*|[0-9a-f-]{16,}", "", answer.body.decode("utf-8", "replace"))
