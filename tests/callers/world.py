"""The app as the host calls it: the functions that function_app.py registers, on a hub in memory, for one caller at a time."""

import json
import random
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlencode

import azure.functions as func
import pytest

import function_app
from shared.delivery import dead
from shared.hub import Hub
from shared.intake.admission import Refusals
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.queues import keep_poisoned
from shared.ops.access import person, token
from shared.privacy import keyed
from shared.settings import on_developers_machine
from shared.storage.memory import MemoryStore
from tests.callers.kinds import KINDS, PARTNERS, Kind, key
from tests.callers.matrix import Route
from tests.ledger_world import NOW
from toolkit.samples import accepted

FUNCTIONS = {one.get_function_name(): one for one in function_app.app.get_functions()}
INTEGRATIONS = {one.name: one for one in function_app.INTEGRATIONS}
AZURE = {"WEBSITE_SITE_NAME": "an-app", "HUB_HASH_KEY": "a key of the tests", "AzureWebJobsStorage__accountName": "an-account"}
BEHIND_PLATFORM = {**AZURE, "HUB_PLATFORM_AUTH": "principal,certificate", "HUB_PARTNERS": json.dumps(PARTNERS)}
MODES: dict[str, dict[str, str]] = {
    "in Azure behind the platform": BEHIND_PLATFORM,
    "in Azure, and no platform in front": {**BEHIND_PLATFORM, "HUB_PLATFORM_AUTH": ""},
    "in Azure without partners": {**BEHIND_PLATFORM, "HUB_PARTNERS": ""},
    "on another machine with real storage": {"AzureWebJobsStorage__accountName": "an-account", "HUB_PLATFORM_AUTH": "principal"},
    "on a developer's machine with partners": {
        "HUB_PARTNERS": json.dumps(PARTNERS),
        "HUB_PLATFORM_AUTH": "principal,certificate",
    },
    "on a developer's machine": {"HUB_PLATFORM_AUTH": "principal,certificate"},
}
SETTINGS = ("WEBSITE_SITE_NAME", "HUB_HASH_KEY", "HUB_PLATFORM_AUTH", "HUB_PARTNERS", "AzureWebJobsStorage", "HUB_ROLE")
PURPOSES = {"purpose": "a patient waits", "blank": " "}


class Quiet(Hub):
    """A hub that delivers nothing on its own."""

    def start(self, work: Any) -> None:
        work.close()


class Seen(NamedTuple):
    """An answer, and the events that the hub emitted for it."""

    status: int
    body: bytes
    events: list[dict[str, Any]]


def standing(kind: Kind, mode: str) -> tuple[str, str]:
    """Whom the caller is taken for in a mode: by the API, and by the ops page."""
    if mode == "in Azure behind the platform":
        return kind.partner, kind.page
    if mode == "in Azure without partners":
        return "stranger", kind.page
    sample = "admin" if kind is KINDS["the cookie of a sample role"] else "reader"
    return {
        "in Azure, and no platform in front": (kind.partner_without_platform, "noone"),
        "on another machine with real storage": ("stranger", "noone"),
        "on a developer's machine with partners": (kind.partner_without_platform, sample),
        "on a developer's machine": ("sample", sample),
    }[mode]


class World:
    """One mode; ``ask`` calls one route as one kind of caller."""

    def __init__(self, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in (*SETTINGS, "AzureWebJobsStorage__accountName"):
            monkeypatch.delenv(name, raising=False)
        for name, value in MODES[mode].items():
            monkeypatch.setenv(name, value)
        self.events: list[dict[str, Any]] = []
        self.hub = Quiet(MemoryStore(lambda: NOW), INTEGRATIONS, lambda: NOW, random.Random(1), self._note)
        monkeypatch.setattr(function_app, "_hub", [self.hub])
        self.ids: dict[tuple[str, str], str] = {}

    def _note(self, name: str, **keys: Any) -> None:
        self.events.append({"event": name, **keys})

    async def object(self, integration: str, which: str, *, fresh: bool = False) -> str:
        """The id of a message that is there: sent by ``own`` or ``other`` and rejected, or a dead letter of the queue."""
        if fresh:  # and alone: what is listed with it would only cost time
            self.hub.store, self.ids = MemoryStore(lambda: NOW), {}
        if known := self.ids.get((integration, which)):
            return known
        one, self.hub.emit = INTEGRATIONS[integration], lambda name, **keys: None
        if which == "queue's":
            before = {each["id"] for each in await dead.dead_letters(integration, self.hub)}
            await keep_poisoned(one, accepted(one)[0].body, self.hub)
            made = next(each["id"] for each in await dead.dead_letters(integration, self.hub) if each["id"] not in before)
        else:
            made = await self._rejected(one, "own" if which == "own" else "other")
        self.hub.emit = self._note
        return self.ids.setdefault((integration, which), made)

    async def _rejected(self, one: Any, partner: str) -> str:
        with pytest.MonkeyPatch.context() as settings:
            settings.setenv("HUB_PARTNERS", json.dumps(PARTNERS))
            answer = await accept_http(one, key(f"key-{partner}"), b"not a message", self.hub)
        return answer.headers["X-Message-Id"]

    async def ask(self, integration: str, route: Route, kind: Kind, *, open_: bool = False) -> Seen:
        """Call the function that the host would call. ``open_``: the call is allowed, so its object is made for it."""
        changes = open_ and route.method == "POST" and route.object == "queue's"
        place = await self.object(integration, route.object, fresh=changes) if route.object not in ("", "none") else "none"
        if open_ and route.path in ("pause", "resume"):  # which is done once
            self.hub.store, self.ids = MemoryStore(lambda: NOW), {}
        self.hub.remembered(Refusals).forget()
        self.events[:] = []
        request = self._request(integration, route, place, dict(kind.headers))
        name = route.function if route.function in ("ops", "docs") else f"{INTEGRATIONS[integration].package}_{route.function}"
        code = FUNCTIONS[name].get_user_function()
        context = SimpleNamespace(trace_context=SimpleNamespace(trace_parent="", trace_state=""))
        answer = await (code(request, context) if route.function in ("http", "check") else code(request))
        return Seen(answer.status_code, answer.get_body(), list(self.events))

    def _request(self, integration: str, route: Route, place: str, headers: dict[str, str]) -> func.HttpRequest:
        path, query = route.path.replace("{id}", place).replace("{name}", integration), dict(route.query)
        params: dict[str, str] = {}
        body = b""
        if route.function == "ops":
            params = {"integration": integration, "id": place} if path == "message" else {}
            body = self._form(integration, path, place, query, headers)
            headers["content-type"] = "application/x-www-form-urlencoded"
        else:
            params |= next(({"purpose": text} for name, text in PURPOSES.items() if name in query), {})
            params |= {"content": "1"} if "content" in query else {}
            params |= {"plan": "none"} if "plan" in query else {}
            params |= {"rule": "no-such-rule"} if path in ("replay", "preview") else {}
        parts = {"rest": path, "id": path}
        return func.HttpRequest(route.method, "https://hub.test/", headers=headers, params=params, route_params=parts, body=body)

    def _form(self, integration: str, path: str, place: str, query: dict[str, str], headers: dict[str, str]) -> bytes:
        form = {"integration": integration, "id": place}
        if path == "search":
            form |= {"kind": "control_id", "value": "X"}
        if path in ("waiting", "paused", "destination", "bulk", "content"):
            act = next(
                (name for name in ("retry", "give-up", "pause", "resume", "try", "replay", "discard") if name in query), "retry"
            )
            form |= {"act": act, "pick-0": f"{integration} {place}", "plan": "none", "confirm": "yes"}
            form |= {} if "no-reason" in query else {"why": "a patient waits"}
        if path == "act":
            act = "discard" if "discard" in query else "replay" if {"replay", "no-reason"} & query.keys() else ""
            form |= {"act": act, "why": "" if "no-reason" in query else "a patient waits", "confirm": "yes"}
        if "threshold" in query:
            form |= {"rule": "slow", "limit": "5", "why": "it is slow"}
        who = person(headers, on_developers_machine=on_developers_machine())
        if "token" in query and who:
            day = f"{datetime.fromtimestamp(NOW, UTC):%Y-%m-%d}"
            form["token"] = token(keyed("ops-form", "").encode(), who, day)
        return urlencode(form).encode()
