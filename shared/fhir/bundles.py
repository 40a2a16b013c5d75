"""What concerns a resource as a whole: the rules of a bundle (bdl-*) and of contained resources (dom-*)."""

from collections.abc import Iterator
from typing import Any

from shared.fhir.targets import Known, full_urls
from shared.issue import Issue

Json = dict[str, Any]
REQUESTED = ("batch", "transaction", "history")
ANSWERED = ("batch-response", "transaction-response", "history")


def broken(where: str, text: str, rule: str) -> Issue:
    return Issue(severity="error", code="invariant", where=where, text=text, rule=rule)


def entries(bundle: Json) -> list[Json]:
    listed = bundle.get("entry")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def resource_of(entry: Json) -> Json:
    resource = entry.get("resource")
    return resource if isinstance(resource, dict) else {}


def known(bundle: Json) -> Known:
    """What the entries of a bundle know of each other."""
    try:  # as entries should be
        return Known({entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]})
    except (KeyError, TypeError):
        return _known_of_some(bundle)


def _known_of_some(bundle: Json) -> Known:
    sound = [e for e in entries(bundle) if isinstance(e.get("fullUrl"), str) and resource_of(e)]
    return Known(full_urls({"entry": sound}))


def is_sound(bundle: Json) -> bool:
    """Whether a bundle keeps its rules beyond doubt; what is rare is looked at thoroughly."""
    kind = bundle.get("type")
    if "total" in bundle or kind == "document" or (kind == "message" and next(_headed(kind, bundle, ""), None)):
        return next(findings(bundle, ""), None) is None
    listed = bundle.get("entry", ())
    if not all(_is_plain(kind, each) for each in set(map(tuple, listed))):
        return False
    names = [entry["fullUrl"] for entry in listed if "fullUrl" in entry]
    return len(set(names)) == len(names) and "/_history/" not in " ".join(names)


def _is_plain(kind: object, shape: tuple[str, ...]) -> bool:
    """Whether entries with these elements are right in a bundle of this kind beyond doubt."""
    asked_and_answered = ("request" in shape) is (kind in REQUESTED) and ("response" in shape) is (kind in ANSWERED)
    return asked_and_answered and "resource" in shape and "search" not in shape


def findings(bundle: Json, where: str) -> Iterator[Issue]:
    """bdl-1 to bdl-12."""
    kind = bundle.get("type")
    if "total" in bundle and kind not in ("searchset", "history"):
        yield broken(f"{where}.total", "a total only of a search or a history", "bdl-1")
    for n, entry in enumerate(entries(bundle)):
        yield from _entry(kind, entry, f"{where}.entry[{n}]")
    yield from _unique(bundle, where)
    if kind in ("document", "message"):
        yield from _headed(kind, bundle, where)


def _entry(kind: object, entry: Json, where: str) -> Iterator[Issue]:
    if "search" in entry and kind != "searchset":
        yield broken(f"{where}.search", "search details only in a search", "bdl-2")
    if ("request" in entry) != (kind in REQUESTED):
        yield broken(f"{where}.request", "a request in each entry of a batch, transaction or history, and only there", "bdl-3")
    if ("response" in entry) != (kind in ANSWERED):
        yield broken(f"{where}.response", "a response in each entry of an answer or a history, and only there", "bdl-4")
    if entry.keys().isdisjoint(("resource", "request", "response")):
        yield broken(where, "a resource unless there is a request or a response", "bdl-5")
    if "/_history/" in str(entry.get("fullUrl", "")):
        yield broken(f"{where}.fullUrl", "a full URL names no version", "bdl-8")


def _unique(bundle: Json, where: str) -> Iterator[Issue]:
    seen = set()
    for n, entry in enumerate(entries(bundle)):
        version = resource_of(entry).get("meta", {})
        name = str(entry.get("fullUrl", "")), str(version.get("versionId") if isinstance(version, dict) else "")
        if name in seen and name[0] and bundle.get("type") != "history":
            yield Issue(
                severity="error",
                code="duplicate",
                where=f"{where}.entry[{n}].fullUrl",
                text="the same full URL as an entry before",
                rule="bdl-7",
            )
        seen.add(name)


def _headed(kind: str, bundle: Json, where: str) -> Iterator[Issue]:
    listed = entries(bundle)
    first = resource_of(listed[0]).get("resourceType") if listed else None
    if kind == "message":
        if first != "MessageHeader":
            yield broken(f"{where}.entry[0].resource", "a message begins with its header", "bdl-12")
        return
    if first != "Composition":
        yield broken(f"{where}.entry[0].resource", "a document begins with its composition", "bdl-11")
    identifier = bundle.get("identifier")
    if not isinstance(identifier, dict) or not {"system", "value"} <= identifier.keys():
        yield broken(f"{where}.identifier", "a document has an identifier", "bdl-9")
    if "timestamp" not in bundle:
        yield broken(f"{where}.timestamp", "a document has a time", "bdl-10")


def contained_in(resource: Json) -> list[Json]:
    listed = resource.get("contained")
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def contained_types(resource: Json) -> dict[str, str]:
    """``#id`` -> type of what a resource contains; ``#`` is the resource itself."""
    inside = {f"#{each.get('id')}": str(each.get("resourceType")) for each in contained_in(resource)}
    return {"#": str(resource.get("resourceType")), **inside}


def contained_findings(resource: Json, where: str) -> Iterator[Issue]:
    """dom-2 to dom-5."""
    listed = contained_in(resource)
    named = set(_strings(resource)) if listed else set()
    for n, each in enumerate(listed):
        path = f"{where}.contained[{n}]"
        meta = each.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        if "contained" in each:
            yield broken(f"{path}.contained", "what is contained contains nothing", "dom-2")
        if f"#{each.get('id')}" not in named and "#" not in set(_strings(each)):
            yield broken(path, "what is contained is referred to", "dom-3")
        if "versionId" in meta or "lastUpdated" in meta:
            yield broken(f"{path}.meta", "what is contained has no version", "dom-4")
        if "security" in meta:
            yield broken(f"{path}.meta.security", "what is contained has no security label", "dom-5")


def _strings(value: Any) -> Iterator[str]:
    """Every string of a resource that may be a local reference."""
    if isinstance(value, str):
        if value.startswith("#"):
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
