"""The operations: one for each route and method that partners call."""

from collections.abc import Mapping
from typing import Any

from shared import formats
from shared.formats.format import Format
from shared.intake.triggers.http import Bound
from shared.integration import Integration
from shared.partner_docs.openapi import answers, examples
from shared.partner_docs.openapi.components import parameters, schema

Operation = dict[str, Any]
CHECK = "Self-test: what the hub would answer to this message. Nothing is stored or delivered."
STATUS = "Status of a message: metadata of your own messages, no content."
LEGACY = "In a parallel run: what the engine that the hub replaces made of a message. For the role legacy."
AGREEMENT = "How far both engines of a parallel run agree. For the role admin."


def send(integration: Integration) -> Operation:
    """``POST /api/v1/<name>``."""
    return {
        **_operation("send", integration, integration.summary),
        "parameters": parameters("Accept-Language Correlation-Id Prefer Content-Encoding"),
        "requestBody": {"$ref": f"#/components/requestBodies/{integration.name}"},
        "responses": answers.of_message(integration),
    }


def described(integration: Integration) -> dict[str, Operation]:
    """``GET /api/v1/<name>``, for a protocol that describes its service."""
    if not isinstance(integration.source, Bound):
        return {}
    wsdl = {"text/xml": {"schema": {"type": "string"}}}
    refused = answers.references("status", answers.of_status())
    return {
        "get": {
            **_operation("describe", integration, "The WSDL of the service."),
            "responses": {
                "200": answers.response("The WSDL.", "", wsdl),
                **{status: refused[status] for status in ("401", "403", "429", "500")},
            },
        }
    }


def check(integration: Integration) -> Operation:
    """``POST /api/v1/<name>/check``."""
    return {
        **_operation("check", integration, CHECK),
        "parameters": parameters("Accept-Language Content-Encoding"),
        "requestBody": {"$ref": f"#/components/requestBodies/{integration.name}"},
        "responses": answers.references("check", answers.of_check()),
    }


def status(integration: Integration) -> Operation:
    """``GET /api/v1/<name>/messages/{id}``."""
    named = _operation("status", integration, STATUS)
    return {**named, "parameters": parameters("Id"), "responses": answers.references("status", answers.of_status())}


def legacy(integration: Integration) -> Operation:
    """``POST /api/v1/<name>/legacy``."""
    anything = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {
        **_operation("legacy", integration, LEGACY),
        "parameters": parameters("Control-Id"),
        "requestBody": {"required": True, "content": anything},
        "responses": answers.references("legacy", answers.of_legacy()),
    }


def agreement(integration: Integration) -> Operation:
    """``GET /api/v1/<name>/agreement``."""
    named = _operation("agreement", integration, AGREEMENT)
    return {**named, "parameters": parameters("Hours"), "responses": answers.references("agreement", answers.of_agreement())}


def health() -> Operation:
    """``GET /api/health``."""
    up = {"application/json": {"schema": schema("Health"), "example": {"status": "up", "version": "1a2b3c4"}}}
    return {
        "operationId": "health",
        "summary": "Up or down.",
        "security": [],
        "responses": {"200": answers.response("Up.", "", up)},
    }


def request(integration: Integration) -> dict[str, Any]:
    """The media types of a message, each with its schema and samples."""
    content = {
        media: {"schema": schema(_body(form, shape)), **examples.requests(integration, form, media)}
        for form in formats.of(integration.source)
        for media, shape in form.schemas.items()
    }
    return {"required": True, "content": content}


def _body(form: Format, shape: Mapping[str, str]) -> str:
    """The schema of a body: bytes, unless it is JSON. One component for each, so that generated clients have one class."""
    if shape["type"] != "object":
        return "Bytes"
    return "FhirResource" if form.name == "fhir" else "JsonDocument"


def _operation(what: str, integration: Integration, summary: str) -> Operation:
    return {"operationId": f"{what}-{integration.name}", "tags": [integration.name], "summary": summary}
