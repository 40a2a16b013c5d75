"""Read, merge, write: the fields of an update replace those of the stored resource, and absent fields delete nothing.

A transaction's entry ``PUT Patient?identifier=...`` requests this (``shared.fhir.entry(..., merge=...)``).
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from shared.fhir.bundle import REMOVED
from shared.fhir.resource import Element, Resource

CHOICES = ("abatement", "deceased", "effective", "medication", "multipleBirth", "occurrence", "onset", "performed", "value")
SET_BY_SERVER = ("versionId", "lastUpdated", "source")


def merge_searches(bundle: Resource) -> dict[int, tuple[str, str]]:
    """The entries to merge: their index, and the type and search for the stored resource.

    >>> merge_searches({"entry": [{"request": {"method": "PUT", "url": "Patient?identifier=urn:a%7C1"}}]})
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


def without_replaced(found: list[Resource]) -> list[Resource]:
    """The patients of a search without those that another one replaced; all of them if every one was replaced.

    A merged patient keeps its identifiers, so a search still finds it.

    >>> replaced = {"id": "1", "active": False, "link": [{"type": "replaced-by"}]}
    >>> without_replaced([replaced, {"id": "2"}]), without_replaced([replaced]) == [replaced]
    ([{'id': '2'}], True)
    """
    current = [each for each in found if not any(link.get("type") == "replaced-by" for link in each.get("link", ()))]
    return current or found


def prepare(bundle: Resource, stored: Mapping[int, Resource | None]) -> Resource:
    """The transaction to send.

    Args:
        stored: for the index of each entry to merge, the resource on the server; ``None`` if it has none. With a stored
            resource the entry becomes ``PUT`` with ``If-Match``, and references inside the bundle point to the stored one.
            Without, it becomes ``POST`` with ``If-None-Exist``, so that two messages at once make one patient. The entries of
            ``same_again`` are left out: a transaction may change a resource once only.
    """
    entries = [_without_removed(entry) for entry in bundle["entry"]]
    urls = {entries[n]["fullUrl"]: f"{found['resourceType']}/{found['id']}" for n, found in stored.items() if found}
    entries = [rewrite_references(entry, urls) for entry in entries]
    for n, found in stored.items():
        extensions = bundle["entry"][n].get("extension", ())
        removed = [each["valueString"] for each in extensions if each.get("url") == REMOVED]
        entries[n] = _update(entries[n], found, removed) if found else _create(entries[n], removed)
    again = same_again(bundle, stored)
    for n, first in again.items():
        entries[first] = _renumbered(entries[first], bundle["entry"][n]["resource"])
    return {**bundle, "entry": [entry for n, entry in enumerate(entries) if n not in again]}


def same_again(bundle: Resource, stored: Mapping[int, Resource | None]) -> dict[int, int]:
    """The entries of replaced patients whose stored resource is that of their survivor, with the entry of the survivor.

    A merge names two patients by their numbers. If the server has both numbers in one patient, the message changes a number of
    that patient and joins no two. Any other two entries with one stored resource stay: each may hold what the other lacks, so
    the server must refuse the transaction, and nothing is lost without a sign.
    """
    keys = {n: (found["resourceType"], found["id"]) for n, found in stored.items() if found}
    places = {bundle["entry"][n]["fullUrl"]: n for n in keys}
    survivors = {n: places.get(_survivor(bundle["entry"][n]["resource"]), n) for n in keys}
    return {n: survivor for n, survivor in survivors.items() if survivor != n and keys[survivor] == keys[n]}


def _survivor(content: Resource) -> str:
    """The reference to the patient that replaces this one; ``""`` if none does."""
    links = (link for link in content.get("link", ()) if link.get("type") == "replaced-by")
    return str(next((link.get("other", {}).get("reference", "") for link in links), ""))


def _renumbered(entry: Element, replaced: Resource) -> Element:
    """A patient without a link to itself, and with the replaced numbers as old ones."""
    content, own = entry["resource"], entry["request"]["url"]
    links = [each for each in content.get("link", ()) if each.get("other", {}).get("reference") != own]
    there = [(each.get("system"), each.get("value")) for each in content.get("identifier", ())]
    old = [
        {**each, "use": "old"} for each in replaced.get("identifier", ()) if (each.get("system"), each.get("value")) not in there
    ]
    made = {**content, "identifier": [*content.get("identifier", ()), *old], "link": links}
    return {**entry, "resource": {key: value for key, value in made.items() if value != []}}


def merge(stored: Resource, update: Resource, removed: Iterable[str] = ()) -> Resource:
    """Merge field by field: an absent field keeps its stored value, a value replaces it, the names in ``removed`` are deleted.

    Identifiers replace those of the same system, extensions those of the same URL, links those to the same resource; others
    stay, because another system sent them. ``value[x]`` of one type replaces it of every other type.

    >>> stored = {"resourceType": "Patient", "id": "7", "gender": "male", "birthDate": "1970-01-01", "deceasedBoolean": False}
    >>> merge(stored, {"resourceType": "Patient", "gender": "female", "deceasedDateTime": "2024"}, ["birthDate"])
    {'resourceType': 'Patient', 'id': '7', 'gender': 'female', 'deceasedDateTime': '2024'}
    """
    new = {key: value for key, value in update.items() if key not in ("resourceType", "id")}
    replaced = {_group(key) for key in (*new, *removed)}
    kept = {key: value for key, value in stored.items() if _group(key) not in replaced}
    if kept.get("text", {}).get("status") == "generated":
        del kept["text"]  # the narrative shows the old values
    joined = {key: UNIONS[key](stored.get(key), value) if key in UNIONS else value for key, value in new.items()}
    return {**kept, **joined}


def _group(key: str) -> str:
    """One name for elements that replace each other: a primitive and its extensions, the types of a choice."""
    name = key.removeprefix("_")
    base = next((choice for choice in CHOICES if name.startswith(choice) and name[len(choice) :][:1].isupper()), "")
    return f"{base}[x]" if base else name.removesuffix("[x]") + ("[x]" if name.removesuffix("[x]") in CHOICES else "")


def _join_by(key: str, stored: list[Element] | None, update: list[Element]) -> list[Element]:
    replaced = [each[key] for each in update if key in each]
    return [*(each for each in stored or [] if each.get(key) not in replaced and each not in update), *update]


def _join_links(stored: list[Element] | None, update: list[Element]) -> list[Element]:
    replaced = [each.get("other", {}).get("reference") for each in update]
    return [*(each for each in stored or [] if each.get("other", {}).get("reference") not in replaced), *update]


def _join_meta(stored: Element | None, update: Element) -> Element:
    """Profiles, tags and labels of both; without the elements that the server sets."""
    joined = {key: value for key, value in {**(stored or {}), **update}.items() if key not in SET_BY_SERVER}
    for key in ("profile", "tag", "security"):
        both = [*(stored or {}).get(key, ()), *update.get(key, ())]
        if both:
            joined[key] = [each for place, each in enumerate(both) if each not in both[:place]]
    return joined


UNIONS: dict[str, Any] = {
    "identifier": lambda stored, update: _join_by("system", stored, update),
    "extension": lambda stored, update: _join_by("url", stored, update),
    "link": _join_links,
    "meta": _join_meta,
}


def _without_removed(entry: Element) -> Element:
    """The entry without the extensions for the destination, which name the removed elements."""
    kept = [each for each in entry.get("extension", ()) if each.get("url") != REMOVED]
    plain = {key: value for key, value in entry.items() if key != "extension"}
    return {**plain, "extension": kept} if kept else plain


def _update(entry: Element, stored: Resource, removed: list[str]) -> Element:
    content = merge(stored, entry["resource"], removed)
    content["meta"] = _join_meta(content.get("meta"), {})
    if not content["meta"]:
        del content["meta"]
    url = f"{stored['resourceType']}/{stored['id']}"
    version = stored["meta"]["versionId"]
    return {**entry, "resource": content, "request": {"method": "PUT", "url": url, "ifMatch": f'W/"{version}"'}}


def _create(entry: Element, removed: list[str]) -> Element:
    kind, _, query = entry["request"]["url"].partition("?")
    content = merge({}, entry["resource"], removed)
    content = {"resourceType": kind, "id": entry["resource"]["id"], **content}
    return {**entry, "resource": content, "request": {"method": "POST", "url": kind, "ifNoneExist": query}}


def rewrite_references(value: Any, urls: Mapping[str, str]) -> Any:
    """The value with each reference in ``urls`` replaced by the new one; every ``fullUrl`` stays."""
    if isinstance(value, str):
        return urls.get(value, value)
    if isinstance(value, dict):  # most of its parts are texts: a call for each is what costs
        return {
            key: (urls.get(part, part) if key != "fullUrl" else part) if isinstance(part, str) else rewrite_references(part, urls)
            for key, part in value.items()
        }
    return [rewrite_references(part, urls) for part in value] if isinstance(value, list) else value
