"""The function app: for each integration of the catalogue its HTTP, queue and event functions, the watchdog and health.

Only wiring: every function calls shared/intake/triggers. ``HUB_INTEGRATIONS`` (a comma list) narrows what this app
registers; ``HUB_ROLE=ops`` makes it the app of the ops page and the watchdog, with no integrations of its own.
"""

import gc

gc.disable()  # until all is imported: nothing of it is garbage, and looking for some takes a tenth of the start

import logging
from collections.abc import Callable, Mapping
from typing import Any

import azure.functions as func
import orjson

from integrations import load_all
from shared import mode, security
from shared.budget import Memory
from shared.check import faults
from shared.delivery.upkeep import pulse
from shared.envelope import Answer
from shared.hub import Hub, connect
from shared.intake.triggers.http import Bound, accept_http, describe
from shared.intake.triggers.knocks import answer_knock, answer_poisoned_knock
from shared.intake.triggers.legacy import accept_legacy_http, accept_legacy_message, drop_legacy_message
from shared.intake.triggers.queues import accept_event, accept_queue_message, keep_poisoned
from shared.intake.triggers.timer import tick, tick_often
from shared.integration import EventGrid, Http, Integration
from shared.ledger.reporting import counters
from shared.settings import SettingMissing, on_developers_machine, setting, unresolved
from shared.version import version

if references := unresolved():
    raise SettingMissing(f"Key Vault references that Azure did not resolve: {', '.join(references)}")

STORAGE = "AzureWebJobsStorage"
EVERY_HALF_MINUTE = "*/30 * * * * *"
EVERY_TEN_SECONDS = "*/10 * * * * *"
INTEGRATIONS = load_all(name.strip() for name in setting("HUB_INTEGRATIONS").split(",") if name.strip())

for one in INTEGRATIONS:
    mode.is_observed(one.name)  # a mode that is misspelt stops the app: it must neither begin nor end a delivery
Memory()  # so does a wrong HUB_MEMORY: it would otherwise fail each message

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)  # every caller is a partner: shared/security.py
_hub: list[Hub] = []


def hub() -> Hub:
    """The one hub of this process, made at the first call, inside the worker's event loop."""
    if not _hub:
        _hub.append(connect(INTEGRATIONS))
        counters.write_behind(_hub[0])
        pulse.begin(_hub[0])
    return _hub[0]


def register(integration: Integration) -> None:
    """Every function of one integration."""
    name, package = integration.name, integration.package
    if any(isinstance(trigger, Http) for trigger in integration.triggers):
        methods = ["GET", "POST"] if isinstance(integration.source, Bound) else ["POST"]
        add(f"{package}_http", app.route(f"v1/{name}", methods=methods), http(integration))
        add(f"{package}_check", app.route(f"v1/{name}/check", methods=["POST"]), check(integration))
    add(f"{package}_dead", app.route(f"v1/{name}/dead/{{*rest}}", methods=["GET", "POST"]), dead_letters(integration))
    add(f"{package}_delivery", app.route(f"v1/{name}/delivery/{{*rest}}", methods=["GET", "POST"]), delivery(integration))
    if any(isinstance(trigger, EventGrid) for trigger in integration.triggers):
        add(f"{package}_event", app.event_grid_trigger("event"), event(integration))
    add(f"{package}_legacy_http", app.route(f"v1/{name}/legacy", methods=["POST"]), legacy(integration))
    add(f"{package}_agreement", app.route(f"v1/{name}/agreement", methods=["GET"]), agreement(integration))
    add(f"{package}_status", app.route(f"v1/{name}/messages/{{id}}", methods=["GET"]), message_status(integration))
    add(f"{package}_in", queue(f"{name}-in"), queue_message(integration))
    add(f"{package}_in_poison", queue(f"{name}-in-poison"), knocked(integration, keep_poisoned))
    add(f"{package}_work", queue(f"{name}-work"), knocked(integration, answer_knock))
    add(f"{package}_work_poison", queue(f"{name}-work-poison"), knocked(integration, answer_poisoned_knock))
    if mode.is_observed(name):  # to look into an empty queue costs money, so it is done in a parallel run alone
        add(f"{package}_legacy", queue(f"{name}-legacy"), knocked(integration, accept_legacy_message))
        add(f"{package}_legacy_poison", queue(f"{name}-legacy-poison"), knocked(integration, drop_legacy_message))


def add(name: str, trigger: Callable[..., Any], code: Callable[..., Any]) -> None:
    app.function_name(name)(trigger(code))


def queue(name: str) -> Callable[..., Any]:
    """As bytes: a JSON text would overwrite the trigger's own metadata."""
    return app.queue_trigger("message", name, STORAGE, data_type=func.DataType.BINARY)


def dead_letters(integration: Integration) -> Callable[..., Any]:
    async def desk(req: func.HttpRequest) -> func.HttpResponse:
        from shared.ops.dead_letter_api import administer

        with faults():
            asked = f"{req.method} {req.route_params.get('rest', '')}"
            return answered(await administer(integration, dict(req.headers), asked, dict(req.params), hub()))

    return desk


def delivery(integration: Integration) -> Callable[..., Any]:
    async def desk(req: func.HttpRequest) -> func.HttpResponse:
        from shared.ops.delivery_api import administer_delivery

        with faults():
            asked = f"{req.method} {req.route_params.get('rest', '')}"
            return answered(await administer_delivery(integration, dict(req.headers), asked, dict(req.params), hub()))

    return desk


def http(integration: Integration) -> Callable[..., Any]:
    async def post(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        with faults():
            if req.method == "GET":
                return answered(await describe(integration, headers(req, context), hub()))
            return answered(await accept_http(integration, headers(req, context), req.get_body(), hub()))

    return post


def check(integration: Integration) -> Callable[..., Any]:
    async def post(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        from shared.intake.triggers.self_test import self_test

        with faults():
            return answered(await self_test(integration, headers(req, context), req.get_body(), hub()))

    return post


def message_status(integration: Integration) -> Callable[..., Any]:
    async def get(req: func.HttpRequest) -> func.HttpResponse:
        from shared.ops.message_status import status

        with faults():
            return answered(await status(integration, dict(req.headers), req.route_params["id"], hub()))

    return get


def legacy(integration: Integration) -> Callable[..., Any]:
    async def post(req: func.HttpRequest) -> func.HttpResponse:
        with faults():
            return answered(await accept_legacy_http(integration, dict(req.headers), req.get_body(), hub()))

    return post


def agreement(integration: Integration) -> Callable[..., Any]:
    async def get(req: func.HttpRequest) -> func.HttpResponse:
        from shared.ops.agreement_api import show_agreement

        with faults():
            return answered(await show_agreement(integration, dict(req.headers), dict(req.params), hub()))

    return get


def event(integration: Integration) -> Callable[..., Any]:
    async def take(event: str, context: func.Context) -> None:  # as text: either schema arrives as it was sent
        with faults():
            await accept_event(integration, orjson.loads(event), hub(), traceparent=trace_of(context))

    return take


def queue_message(integration: Integration) -> Callable[..., Any]:
    async def take(message: func.QueueMessage, context: func.Context) -> None:  # its id tells a redelivery from a resend
        with faults():
            body, trace = message.get_body(), trace_of(context)
            await accept_queue_message(integration, body, hub(), message.id or "", traceparent=trace)

    return take


def knocked(integration: Integration, door: Callable[[Integration, bytes, Hub], Any]) -> Callable[..., Any]:
    async def take(message: func.QueueMessage) -> None:
        with faults():
            await door(integration, message.get_body(), hub())

    return take


# One app looks often: what a killed process left undone is then found within seconds. The others are its net.
LOOKS_OFTEN = setting("HUB_ROLE") == "ops" or on_developers_machine()


@app.function_name("watchdog")
@app.timer_trigger("timer", EVERY_TEN_SECONDS if LOOKS_OFTEN else EVERY_HALF_MINUTE, use_monitor=False)
async def watchdog(timer: func.TimerRequest) -> None:
    with faults():
        await (tick_often if LOOKS_OFTEN else tick)(hub())


@app.function_name("health")
@app.route("health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Up, and from which commit, so that a deployment can be verified; an unknown caller gets nothing more.

    A process that is asked has a pulse from then on: the hub is made here too.
    """
    hub()
    return func.HttpResponse(orjson.dumps({"status": "up", "version": version()}), mimetype="application/json")


def headers(req: func.HttpRequest, context: func.Context) -> Mapping[str, str]:
    """The request's headers, with the trace that the host goes on or has begun."""
    trace = trace_of(context)
    return {**dict(req.headers), **({"traceparent": trace} if trace else {})}


def trace_of(context: func.Context) -> str:
    """The host's span of this invocation; ``""`` if it has none."""
    return context.trace_context.trace_parent or ""


def answered(answer: Answer) -> func.HttpResponse:
    kind = {"content-type": answer.content_type} if answer.content_type else {}
    return func.HttpResponse(answer.body, status_code=answer.status, headers={**kind, **answer.headers})


async def ops(req: func.HttpRequest) -> func.HttpResponse:
    """The ops page; who may see and do what is the page's own business (shared/ops/access.py)."""
    from shared.ops.desk.door import Call
    from shared.ops.desk.door import ops as door

    path = req.route_params.get("rest", "") or ""
    with faults():
        return answered(await door(Call(req.method, path, req.params, dict(req.headers), req.get_body()), hub()))


async def docs(req: func.HttpRequest) -> func.HttpResponse:
    """The pages for partners; who may see which is decided as for a message (shared/partner_docs/site/door.py)."""
    from shared.partner_docs.site.door import Call, partner_docs

    path = req.route_params.get("rest", "") or ""
    with faults():
        return answered(await partner_docs(Call(path, req.params, dict(req.headers)), hub()))


async def drain() -> None:
    """Let deliveries that run come to their end; a local host asks for it, Azure's does not, and nothing depends on it."""
    if _hub:
        await _hub[0].drain()


if setting("HUB_ROLE") != "ops":
    for each in INTEGRATIONS:
        register(each)
    add("docs", app.route("docs/{*rest}", methods=["GET"]), docs)
if setting("HUB_ROLE") == "ops" or on_developers_machine():
    add("ops", app.route("ops/{*rest}", methods=["GET", "POST"]), ops)
if warning := security.at_start():
    logging.getLogger("hub").warning(warning)

gc.freeze()  # what is loaded stays, so no later collection looks at it again
gc.enable()
