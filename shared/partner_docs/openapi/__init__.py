"""The OpenAPI 3.1 document of the routes that partners call, made from the declarations of integrations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.integration import Http, Integration
from shared.partner_docs.openapi import answers, components, routes

SERVERS: tuple[dict[str, Any], ...] = (
    {
        "url": "http://127.0.0.1:{port}",
        "description": "Local: a hub on your own machine, started by ./hub up",
        "variables": {"port": {"default": "7071"}},
    },
    {
        "url": "https://{host}",
        "description": "Test: the integration team gives you the host",
        "variables": {"host": {"default": "hub.test.example.nhs.wales"}},
    },
    {
        "url": "https://{host}",
        "description": "Production: the integration team gives you the host",
        "variables": {"host": {"default": "hub.example.nhs.wales"}},
    },
)
ABOUT = (
    "Send a message, check it without sending it, and get its status. Every answer to a call that is not about a message is"
    " short: 401, 403 and a first 404 have no body. A path or a method that is not listed here is answered 404."
)


def document(integrations: Iterable[Integration], servers: Sequence[Mapping[str, Any]] = SERVERS) -> dict[str, Any]:
    """The document of these integrations: all operations, and the components that they refer to."""
    listed = sorted(integrations, key=lambda each: each.name)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Integration Hub", "version": "1", "description": ABOUT},
        "servers": [dict(each) for each in servers],
        "security": [{"key": []}, {"certificate": []}, {"entra": [components.SCOPE]}],
        "tags": [{"name": each.name, "description": each.summary} for each in listed],
        "paths": {path: item for each in listed for path, item in _paths(each)} | {"/api/health": {"get": routes.health()}},
        "components": {**components.COMPONENTS, **_shared(listed)},
    }


def _shared(listed: Iterable[Integration]) -> dict[str, Any]:
    """What several operations have in common: the responses, and the request of each integration."""
    return {
        "responses": {name: each for one in listed for name, each in answers.components(one).items()},
        "requestBodies": {each.name: routes.request(each) for each in listed if is_open(each)},
    }


def is_open(integration: Integration) -> bool:
    """Whether messages may come over HTTP."""
    return any(isinstance(trigger, Http) for trigger in integration.triggers)


def _paths(integration: Integration) -> Iterable[tuple[str, dict[str, Any]]]:
    """The paths of one integration. A message that arrives without HTTP has no route."""
    base = f"/api/v1/{integration.name}"
    if is_open(integration):
        yield base, {"post": routes.send(integration), **routes.described(integration)}
        yield f"{base}/check", {"post": routes.check(integration)}
        yield f"{base}/messages/{{id}}", {"get": routes.status(integration)}
    yield f"{base}/legacy", {"post": routes.legacy(integration)}
    yield f"{base}/agreement", {"get": routes.agreement(integration)}
