"""Value sets of FHIR listed code by code, for the bindings of the tables."""

from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]
LISTABLE = 4000  # a value set with more codes than this is not worth a table


def tail(url: str) -> str:
    return url.split("|", maxsplit=1)[0].rsplit("/", 1)[-1]


class ValueSets:
    """Value sets listed code by code, where their content is here and they have no filter that it cannot answer."""

    def __init__(self, definitions: Iterable[Json]) -> None:
        found = list(definitions)
        self.sets = {r["url"]: r for r in found if r["resourceType"] == "ValueSet"}
        self.systems = {r["url"]: r for r in found if r["resourceType"] == "CodeSystem" and r.get("concept")}
        self.used: dict[str, dict[str, list[str]]] = {}

    def use(self, url: str) -> str:
        """The key of the value set in ``codes.json``, or ``""`` when it cannot be listed."""
        url = url.split("|", maxsplit=1)[0]
        key = tail(url) if url.startswith("http://hl7.org/fhir/ValueSet/") else url
        if key not in self.used:
            listed = self.listed(url)
            if not listed or sum(map(len, listed.values())) > LISTABLE:
                return ""
            self.used[key] = {system: sorted(codes) for system, codes in sorted(listed.items())}
        return key

    def listed(self, url: str) -> dict[str, set[str]] | None:
        compose = self.sets.get(url.split("|", maxsplit=1)[0], {}).get("compose")
        if compose is None:
            return None
        codes: dict[str, set[str]] = {}
        for include in compose["include"]:
            part = self.part(include)
            if part is None:
                return None
            for system, found in part.items():
                codes.setdefault(system, set()).update(found)
        for exclude in compose.get("exclude", []):
            for system, found in (self.part(exclude) or {}).items():
                codes.get(system, set()).difference_update(found)
        return codes

    def part(self, include: Json) -> dict[str, set[str]] | None:
        if "system" not in include:
            lists = [self.listed(url) for url in include.get("valueSet", [])]
            return None if None in lists or len(lists) != 1 else lists[0]
        system = include["system"]
        if "concept" in include:
            return {system: {concept["code"] for concept in include["concept"]}}
        definition = self.systems.get(system)
        if definition is None or definition.get("content", "complete") != "complete":
            return None
        concepts = list(flat(definition["concept"]))
        for rule in include.get("filter", []):
            if rule["op"] not in ("is-a", "descendent-of") or rule["property"] not in ("concept", "code"):
                return None
            concepts = below(concepts, rule["value"], rule["op"] == "is-a")
        return {system: {concept["code"] for concept, _ in concepts}}


def flat(concepts: list[Json], parents: tuple[str, ...] = ()) -> Iterator[tuple[Json, tuple[str, ...]]]:
    """Each concept with its ancestors: by nesting, and by the property ``subsumedBy``."""
    for concept in concepts:
        above = {
            p["valueCode"] for p in concept.get("property", []) if p["code"] in ("subsumedBy", "parent") and "valueCode" in p
        }
        yield concept, (*parents, *above)
        yield from flat(concept.get("concept", []), (*parents, concept["code"]))


def below(concepts: list[tuple[Json, tuple[str, ...]]], root: str, with_root: bool) -> list[tuple[Json, tuple[str, ...]]]:
    kept = {root}
    grew = True
    while grew:
        more = {concept["code"] for concept, above in concepts if kept.intersection(above)}
        grew = not more <= kept
        kept |= more
    if not with_root:
        kept.discard(root)
    return [pair for pair in concepts if pair[0]["code"] in kept]
