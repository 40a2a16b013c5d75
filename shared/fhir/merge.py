"""Read, merge, write: what an admission says of a patient is laid over what the server holds, and deletes nothing unsaid.

A transaction's entry ``PUT Patient?identifier=...`` asks for this (``shared.fhir.entry(..., merge=...)``).
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from shared.fhir.bundle import REMOVED
from shared.fhir.resource import Element, Resource

CHOICES = ("abatement", "deceased", "effective", "medication", "multipleBirth", "occurrence", "onset", "performed", "value")
SERVERS_OWN = ("versionId", "lastUpdated", "source")


def wanted(bundle: Resource) -> dict[int, tuple[str, str]]:
    """The entries that are to be merged: their place, and the type and search that find what the server holds.

    >>> wanted({"entry": [{"request": {"method": "PUT", "url": "Patient?identifier=urn:a%7C1"}}]})
    {0: ('Patient', 'identifier=urn:a%7C1')}
    """
    found = {}
    for place, entry in enumerate(bundle.get("entry", ())):
        kind, _, query = entry.get("request", {}).get("url", "").partition("?")
        if query and entry["request"].get("method") == "PUT":
            found[place] = (kind, query)
    return found


def search_form(query: str) -> dict[str, str]:
    """The fields of a search, decoded, for the body of a POST.

    >>> search_form("identifier=urn:a%7C1+2")
    {'identifier': 'urn:a|1+2'}
    """
    return dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))


def current(found: list[Resource]) -> list[Resource]:
    """Without patients that another one has replaced, unless they are all that was found: a merge leaves them their numbers.

    >>> gone = {"id": "1", "active": False, "link": [{"type": "replaced-by"}]}
    >>> current([gone, {"id": "2"}]), current([gone]) == [gone]
    ([{'id': '2'}], True)
    """
    live = [each for each in found if not any(link.get("type") == "replaced-by" for link in each.get("link", ()))]
    return live or found


def prepared(bundle: Resource, held: Mapping[int, Resource | None]) -> Resource:
    """The transaction to send, given what the server holds for each entry that is to be merged.

    Something held: ``PUT`` with ``If-Match``, and references inside the bundle lead to it. Nothing: ``POST`` with
    ``If-None-Exist``, so that two messages at once make one patient.
    """
    entries = [_plain(entry) for entry in bundle["entry"]]
    moved = {}
    for place, there in held.items():
        if there:
            moved[entries[place]["fullUrl"]] = f"{there['resourceType']}/{there['id']}"
    entries = [led(entry, moved) for entry in entries]
    for place, there in held.items():
        removed = _removed(bundle["entry"][place])
        entries[place] = _update(entries[place], there, removed) if there else _create(entries[place], removed)
    return {**bundle, "entry": entries}


def merged(held: Resource, told: Resource, removed: Iterable[str] = ()) -> Resource:
    """Field by field: absent keeps what is held, a value replaces it, what is named in ``removed`` goes.

    Identifiers replace those of the same system, extensions those of the same URL, links those to the same resource; the
    others stay, because they are somebody else's word. ``value[x]`` in one type replaces it in every other.

    >>> held = {"resourceType": "Patient", "id": "7", "gender": "male", "birthDate": "1970-01-01", "deceasedBoolean": False}
    >>> merged(held, {"resourceType": "Patient", "gender": "female", "deceasedDateTime": "2024"}, ["birthDate"])
    {'resourceType': 'Patient', 'id': '7', 'gender': 'female', 'deceasedDateTime': '2024'}
    """
    said = {key: value for key, value in told.items() if key not in ("resourceType", "id")}
    gone = {_family(key) for key in (*said, *removed)}
    kept = {key: value for key, value in held.items() if _family(key) not in gone and not _is_stale(key, value)}
    joined = {key: UNIONS[key](held.get(key), value) if key in UNIONS else value for key, value in said.items()}
    return {**kept, **joined}


def _is_stale(key: str, value: Any) -> bool:
    """A narrative that was generated from what has just changed."""
    return key == "text" and value.get("status") == "generated"


def _family(key: str) -> str:
    """Elements that replace each other: a primitive and its extensions, the types of a choice."""
    name = key.removeprefix("_")
    base = next((choice for choice in CHOICES if name.startswith(choice) and name[len(choice) :][:1].isupper()), "")
    return f"{base}[x]" if base else name.removesuffix("[x]") + ("[x]" if name.removesuffix("[x]") in CHOICES else "")


def _by(key: str, held: list[Element] | None, told: list[Element]) -> list[Element]:
    named = [each[key] for each in told if key in each]
    return [*(each for each in held or [] if each.get(key) not in named and each not in told), *told]


def _links(held: list[Element] | None, told: list[Element]) -> list[Element]:
    named = [each.get("other", {}).get("reference") for each in told]
    return [*(each for each in held or [] if each.get("other", {}).get("reference") not in named), *told]


def _meta(held: Element | None, told: Element) -> Element:
    """The server's own facts are left to it; profiles, tags and labels are joined."""
    joined = {key: value for key, value in {**(held or {}), **told}.items() if key not in SERVERS_OWN}
    for key in ("profile", "tag", "security"):
        both = [*(held or {}).get(key, ()), *told.get(key, ())]
        if both:
            joined[key] = [each for place, each in enumerate(both) if each not in both[:place]]
    return joined


UNIONS: dict[str, Any] = {
    "identifier": lambda held, told: _by("system", held, told),
    "extension": lambda held, told: _by("url", held, told),
    "link": _links,
    "meta": _meta,
}


def _plain(entry: Element) -> Element:
    """The entry without what was said to the destination alone."""
    kept = [each for each in entry.get("extension", ()) if each.get("url") != REMOVED]
    plain = {key: value for key, value in entry.items() if key != "extension"}
    return {**plain, "extension": kept} if kept else plain


def _removed(entry: Element) -> list[str]:
    return [each["valueString"] for each in entry.get("extension", ()) if each.get("url") == REMOVED]


def _update(entry: Element, held: Resource, removed: list[str]) -> Element:
    content = merged(held, entry["resource"], removed)
    content["meta"] = _meta(content.get("meta"), {})
    if not content["meta"]:
        del content["meta"]
    url = f"{held['resourceType']}/{held['id']}"
    version = held["meta"]["versionId"]
    return {**entry, "resource": content, "request": {"method": "PUT", "url": url, "ifMatch": f'W/"{version}"'}}


def _create(entry: Element, removed: list[str]) -> Element:
    kind, _, query = entry["request"]["url"].partition("?")
    content = merged({}, entry["resource"], removed)
    content = {"resourceType": kind, "id": entry["resource"]["id"], **content}
    return {**entry, "resource": content, "request": {"method": "POST", "url": kind, "ifNoneExist": query}}


def led(value: Any, moved: Mapping[str, str]) -> Any:
    """The same with every reference to a resource of the bundle that the server holds leading there."""
    if isinstance(value, dict):
        return {key: part if key == "fullUrl" else led(part, moved) for key, part in value.items()}
    if isinstance(value, list):
        return [led(part, moved) for part in value]
    return moved.get(value, value) if isinstance(value, str) else value
