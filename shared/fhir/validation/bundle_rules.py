"""Rules about a resource as a whole: those of a bundle (bdl-*) and of contained resources (dom-*)."""

from collections.abc import Iterator
from typing import Any

from shared.fhir.validation.targets import Context, full_urls
from shared.issue import Issue

Json = dict[str, Any]
WITH_REQUEST = ("batch", "transaction", "history")
WITH_RESPONSE = ("batch-response", "transaction-response", "history")


def broken(*, where: str, text: str, rule: str, code: str = "invariant") -> Issue:
    return Issue(severity="error", code=code, where=where, text=text, rule=rule)


def entries(bundle: Json) -> list[Json]:
    """The entries of a bundle that are objects; none if it has no array of entries."""
    listed = bundle.get("entry")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def resource_of(entry: Json) -> Json:
    """The resource of an entry; empty if the entry has none."""
    resource = entry.get("resource")
    return resource if isinstance(resource, dict) else {}


def bundle_context(bundle: Json) -> Context:
    """The type of each entry by its ``fullUrl``, for references between entries."""
    try:  # valid entries
        return Context({entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]})
    except (KeyError, TypeError):
        valid = [entry for entry in entries(bundle) if isinstance(entry.get("fullUrl"), str) and resource_of(entry)]
        return Context(full_urls({"entry": valid}))


def passes_quick_check(bundle: Json, context: Context) -> bool:
    """Whether a bundle certainly keeps its rules; uncommon bundles go through :func:`check_bundle`."""
    kind = bundle.get("type")
    if "total" in bundle or kind == "document" or (kind == "message" and next(_check_first(kind, bundle, ""), None)):
        return next(check_bundle(bundle, ""), None) is None
    listed = bundle.get("entry", ())
    if not all(_is_plain(kind, names) for names in set(map(tuple, listed))):
        return False
    urls = context.bundle or ()
    is_unique = len(urls) == len(listed) or len(urls) == sum("fullUrl" in entry for entry in listed)
    return is_unique and "/_history/" not in " ".join(urls)


def _is_plain(kind: object, names: tuple[str, ...]) -> bool:
    """Whether entries with these elements are certainly valid in a bundle of this kind."""
    has_its_parts = ("request" in names) is (kind in WITH_REQUEST) and ("response" in names) is (kind in WITH_RESPONSE)
    return has_its_parts and "resource" in names and "search" not in names


def check_bundle(bundle: Json, where: str) -> Iterator[Issue]:
    """bdl-1 to bdl-12."""
    kind = bundle.get("type")
    if "total" in bundle and kind not in ("searchset", "history"):
        yield broken(where=f"{where}.total", text="only a search set or a history has a total", rule="bdl-1")
    for n, entry in enumerate(entries(bundle)):
        yield from _check_entry(kind, entry, f"{where}.entry[{n}]")
    yield from _check_unique(bundle, where)
    if kind in ("document", "message"):
        yield from _check_first(kind, bundle, where)


def _check_entry(kind: object, entry: Json, where: str) -> Iterator[Issue]:
    if "search" in entry and kind != "searchset":
        yield broken(where=f"{where}.search", text="only an entry of a search set has search details", rule="bdl-2")
    if ("request" in entry) != (kind in WITH_REQUEST):
        text = "each entry of a batch, transaction or history has a request; no other entry has one"
        yield broken(where=f"{where}.request", text=text, rule="bdl-3")
    if ("response" in entry) != (kind in WITH_RESPONSE):
        text = "each entry of a response or history has a response; no other entry has one"
        yield broken(where=f"{where}.response", text=text, rule="bdl-4")
    if entry.keys().isdisjoint(("resource", "request", "response")):
        yield broken(where=where, text="an entry must have a resource, a request or a response", rule="bdl-5")
    if "/_history/" in str(entry.get("fullUrl", "")):
        yield broken(where=f"{where}.fullUrl", text="a full URL must not contain a version", rule="bdl-8")


def _check_unique(bundle: Json, where: str) -> Iterator[Issue]:
    seen = set()
    for n, entry in enumerate(entries(bundle)):
        version = resource_of(entry).get("meta", {})
        name = str(entry.get("fullUrl", "")), str(version.get("versionId") if isinstance(version, dict) else "")
        if name in seen and name[0] and bundle.get("type") != "history":
            text = "an earlier entry has the same full URL"
            yield broken(where=f"{where}.entry[{n}].fullUrl", text=text, rule="bdl-7", code="duplicate")
        seen.add(name)


def _check_first(kind: str, bundle: Json, where: str) -> Iterator[Issue]:
    listed = entries(bundle)
    first = resource_of(listed[0]).get("resourceType") if listed else None
    place = f"{where}.entry[0].resource"
    if kind == "message":
        if first != "MessageHeader":
            yield broken(where=place, text="the first entry of a message must be a MessageHeader", rule="bdl-12")
        return
    if first != "Composition":
        yield broken(where=place, text="the first entry of a document must be a Composition", rule="bdl-11")
    identifier = bundle.get("identifier")
    if not isinstance(identifier, dict) or not {"system", "value"} <= identifier.keys():
        text = "a document must have an identifier with a system and a value"
        yield broken(where=f"{where}.identifier", text=text, rule="bdl-9")
    if "timestamp" not in bundle:
        yield broken(where=f"{where}.timestamp", text="a document must have a timestamp", rule="bdl-10")


def contained_in(resource: Json) -> list[Json]:
    """The contained resources that are objects."""
    listed = resource.get("contained")
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def contained_types(resource: Json) -> dict[str, str]:
    """``#id`` -> type of each contained resource; ``#`` is the resource itself."""
    contained = {f"#{each.get('id')}": str(each.get("resourceType")) for each in contained_in(resource)}
    return {"#": str(resource.get("resourceType")), **contained}


def check_contained(resource: Json, where: str) -> Iterator[Issue]:
    """dom-2 to dom-5."""
    listed = contained_in(resource)
    references = set(_local_references(resource)) if listed else set()
    for n, each in enumerate(listed):
        path = f"{where}.contained[{n}]"
        meta = each.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        if "contained" in each:
            text = "a contained resource must not contain resources"
            yield broken(where=f"{path}.contained", text=text, rule="dom-2")
        if f"#{each.get('id')}" not in references and "#" not in set(_local_references(each)):
            yield broken(where=path, text="no reference uses this contained resource", rule="dom-3")
        if "versionId" in meta or "lastUpdated" in meta:
            yield broken(where=f"{path}.meta", text="a contained resource must not have a version", rule="dom-4")
        if "security" in meta:
            text = "a contained resource must not have a security label"
            yield broken(where=f"{path}.meta.security", text=text, rule="dom-5")


def _local_references(value: Any) -> Iterator[str]:
    """Every string of a resource that may be a reference to a contained resource."""
    if isinstance(value, str):
        if value.startswith("#"):
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _local_references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _local_references(each)
