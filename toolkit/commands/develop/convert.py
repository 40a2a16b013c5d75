"""``./hub convert``: the guide's mapping only, without rules of a sender: HL7 v2 to a FHIR bundle, a bundle back to HL7 v2."""

import json
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from shared.fhir import JSON, check, to_json
from shared.hl7 import Message, parse
from shared.issue import Issue
from shared.mapping import compose_bundle
from shared.mapping.guide import convert as to_fhir
from shared.validation.repairs import repair
from toolkit import screen
from toolkit.analyse.reach import Known, unreached
from toolkit.commands.develop.check import File, Json, Jsonl, Result, body_face, many, read

HL7_V2 = "application/hl7-v2"
All = Annotated[bool, typer.Option("--quick", help="Skip the search for elements that are not mapped.")]


def convert(file: File = "-", as_json: Json = False, jsonl: Jsonl = False, quick: All = False) -> None:
    """Convert HL7 v2 to a FHIR bundle, or a bundle back to HL7 v2."""
    answer = converter(quick)
    if jsonl:
        raise SystemExit(0 if all(many(answer, read(file).splitlines())) else 1)
    result = answer(read(file))
    typer.echo(screen.as_json(result) if as_json else screen.plain(as_text(result)))
    raise SystemExit(0 if result["accepted"] else 1)


def converter(quick: bool = False) -> Callable[[bytes], Result]:
    """One body in, either way; what could not be mapped is named."""

    known: Known = set()

    def answer(body: bytes) -> Result:
        try:
            return _from_fhir(body) if body.lstrip()[:1] == b"{" else _from_hl7(body, None if quick else known)
        except ValueError as error:
            return face((Issue(severity="error", code="structure", text=_words(error), rule="not-read"),), "", b"")

    return answer


def _words(error: ValueError) -> str:
    """Our own words; a JSON reader's would quote what it read."""
    return "the body is not JSON" if isinstance(error, json.JSONDecodeError) else str(error)


def _from_hl7(body: bytes, known: Known | None) -> Result:
    message = repair(parse(body))
    converted = to_fhir(message)
    nothing = () if known is None else reaching_nothing(message, known)
    issues = (*message.repairs, *converted.issues, *nothing, *check(converted.bundle))
    data = to_json(converted.bundle)
    return {**face(issues, JSON, data), "bundle": json.loads(data)}


def _from_fhir(body: bytes) -> Result:
    bundle = json.loads(body)
    if bundle.get("resourceType") != "Bundle":
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundle}]}
    composed = compose_bundle(bundle)
    data = composed.message.encode()
    return {**face(composed.issues, HL7_V2, data), "message": data.decode()}


def reaching_nothing(message: Message, known: Known) -> Iterator[Issue]:
    """Each populated element that can change, or go, without a change in the bundle: it reached nothing."""
    for path in unreached(message, known):
        yield Issue(
            severity="information",
            code="informational",
            where=path,
            text="an element that reaches nothing",
            rule="element-not-mapped",
        )


def face(issues: tuple[Issue, ...], content_type: str, body: bytes) -> Result:
    """As in ``run``: accepted unless an issue is an error, the issues, and what came out."""
    listed = [{"severity": i.severity, "rule": i.rule, "code": i.code, "where": i.where, "text": i.text} for i in issues]
    outgoing = [{"content_type": content_type, **body_face(body)}] if body else []
    return {"accepted": not any(issue.is_error for issue in issues), "issues": listed, "outgoing": outgoing}


def as_text(result: Result) -> str:
    """For a person or a pipe: what came out; the issues when nothing did."""
    if not result["outgoing"]:
        return "\n".join(f"{each['severity']} {each['where'] or '-'} {each['text']}" for each in result["issues"])
    body = str(result["outgoing"][0]["body"])
    return body.replace("\r", "\n") if body.startswith("MSH") else body
