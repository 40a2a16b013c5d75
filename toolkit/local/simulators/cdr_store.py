"""What the simulated Clinical Data Repository holds: resources with their versions, and what a transaction does to them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from shared.fhir import check

Resource = dict[str, Any]
Key = tuple[str, str]  # type and id
ORDER = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")


class Refused(Exception):
    """The status and the issues that say why nothing was done."""

    def __init__(self, status: int, code: str, *texts: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.outcome = {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": code, "diagnostics": text} for text in texts or (code,)],
        }


@dataclass
class Step:
    """One entry of a transaction: what to do to which resource, and how it is answered."""

    entry: Mapping[str, Any]
    key: Key
    status: str = "200 OK"
    writes: bool = True


@dataclass
class CdrStore:
    """``versions`` holds every version of a resource, the last one current."""

    versions: dict[Key, list[Resource]] = field(default_factory=dict)
    validates: bool = True

    def current(self, kind: str, id_: str) -> Resource:
        if (kind, id_) not in self.versions:
            raise Refused(404, "not-found", f"{kind} is not known")
        return self.versions[kind, id_][-1]

    def of_type(self, kind: str) -> list[Resource]:
        return [held[-1] for (each, _), held in self.versions.items() if each == kind]

    def search(self, kind: str, query: str) -> list[Resource]:
        """The resources that match all parameters; ``Refused`` for a parameter that is not known."""
        terms = [(name, text.split(",")) for name, text in parse_qsl(query) if not name.startswith("_") or name == "_id"]
        return [held for held in self.of_type(kind) if all(_matches(held, *term) for term in terms)]

    def transaction(self, bundle: Resource) -> Resource:
        """All or nothing; the answer has an entry for each entry, in order."""
        steps = [self._step(entry) for entry in bundle["entry"]]
        ids = {step.entry["fullUrl"]: "/".join(step.key) for step in steps if "fullUrl" in step.entry}
        written = {id(step): self._resolved(step, ids) for step in steps if step.writes}
        self._refuse_twice(steps)
        before = dict(self.versions)
        try:
            for step in sorted(steps, key=lambda one: ORDER.index(one.entry["request"]["method"])):
                if step.writes:
                    step.status = self.put(step.key, written[id(step)])
            self._check_references(list(written.values()))
        except Refused:
            self.versions = before
            raise
        return {
            "resourceType": "Bundle",
            "id": str(uuid4()),
            "type": "transaction-response",
            "entry": [*map(self._answer, steps)],
        }

    def put(self, key: Key, content: Resource) -> str:
        """Write a version, unless it says what the current one says; the status for it."""
        self._validate(content)
        held = self.versions.get(key, [])
        bare = {**content, "id": key[1]}
        if held and _without_version(held[-1]) == _without_version(bare):
            return "200 OK"
        meta = {**bare.get("meta", {}), "versionId": str(len(held) + 1), "lastUpdated": datetime.now(UTC).isoformat()}
        self.versions[key] = [*held, {**bare, "meta": meta}]
        return "200 OK" if held else "201 Created"

    def _step(self, entry: Resource) -> Step:
        request = entry.get("request", {})
        method, url = request.get("method"), request.get("url", "")
        if method not in ("POST", "PUT"):
            raise Refused(400, "not-supported", "only POST and PUT are taken in a transaction")
        kind, _, rest = url.partition("?")
        if entry.get("resource", {}).get("resourceType") != kind.partition("/")[0]:
            raise Refused(400, "invalid", "the request is for another type than the resource")
        if method == "POST":
            return self._create(entry, kind, request.get("ifNoneExist", ""))
        return self._update(entry, kind, rest, request.get("ifMatch", ""))

    def _create(self, entry: Resource, kind: str, unless: str) -> Step:
        held = self._one(kind, unless) if unless else None
        return Step(entry, (kind, held["id"]), writes=False) if held else Step(entry, (kind, str(uuid4())))

    def _update(self, entry: Resource, path: str, search: str, match: str) -> Step:
        kind, _, id_ = path.partition("/")
        if search:
            held = self._one(kind, search)
            return Step(entry, (kind, held["id"] if held else str(uuid4())))
        if not id_:
            raise Refused(400, "invalid", "an update names a resource or a search")
        self.refuse_other_version((kind, id_), match)
        return Step(entry, (kind, id_))

    def refuse_other_version(self, key: Key, match: str) -> None:
        """``If-Match`` holds when it names the current version."""
        held = self.versions.get(key)
        if match and (not held or match != f'W/"{held[-1]["meta"]["versionId"]}"'):
            raise Refused(412, "conflict", "the version has moved on")

    def _one(self, kind: str, query: str) -> Resource | None:
        found = self.search(kind, query)
        if len(found) > 1:
            raise Refused(412, "multiple-matches", "the search finds several")
        return found[0] if found else None

    @staticmethod
    def _refuse_twice(steps: list[Step]) -> None:
        keys = [step.key for step in steps if step.writes]
        if len(set(keys)) < len(keys):
            raise Refused(400, "duplicate", "a transaction touches a resource once")

    def _resolved(self, step: Step, ids: Mapping[str, str]) -> Resource:
        """The resource with references inside the bundle, and conditional ones, leading to what is stored."""

        def lead(text: str) -> str:
            if text in ids:
                return ids[text]
            if text.startswith("urn:uuid:"):
                raise Refused(400, "not-found", "a reference leads to nothing in the bundle")
            return self._conditional(text) if "?" in text and ":" not in text.partition("?")[0] else text

        resolved: Resource = _led(step.entry["resource"], lead)
        return resolved

    def _conditional(self, text: str) -> str:
        kind, _, query = text.partition("?")
        found = self._one(kind, query)
        if not found:
            raise Refused(412, "not-found", "a conditional reference finds nothing")
        return f"{kind}/{found['id']}"

    def _check_references(self, written: list[Resource]) -> None:
        for content in written:
            for place in _references(content):
                kind, _, id_ = place["reference"].partition("/")
                if id_ and ":" not in kind and (kind, id_.partition("/")[0]) not in self.versions:
                    raise Refused(400, "not-found", "a reference leads to no resource")

    def _validate(self, content: Resource) -> None:
        errors = [issue for issue in check(content) if issue.is_error] if self.validates else []
        if errors:
            raise Refused(422, "invalid", *(f"{issue.where}: {issue.text} ({issue.rule})" for issue in errors))

    def _answer(self, step: Step) -> Resource:
        meta = self.versions[step.key][-1]["meta"]
        version = meta["versionId"]
        location = f"{'/'.join(step.key)}/_history/{version}"
        response = {"status": step.status, "location": location, "etag": f'W/"{version}"', "lastModified": meta["lastUpdated"]}
        return {"response": response}


def _matches(held: Resource, name: str, tokens: list[str]) -> bool:
    if name == "_id":
        return held["id"] in tokens
    if name == "identifier":
        identifiers = held.get("identifier", [])
        identifiers = identifiers if isinstance(identifiers, list) else [identifiers]
        return any(_is(one, token) for one in identifiers for token in tokens)
    if name in ("patient", "subject", "encounter"):
        reference = (held.get(name) or held.get("subject" if name == "patient" else name) or {}).get("reference", "")
        return any(reference == token or reference.endswith(f"/{token}") for token in tokens)
    raise Refused(400, "not-supported", "a search parameter that is not known")


def _is(identifier: Mapping[str, Any], token: str) -> bool:
    system, bar, value = token.rpartition("|")
    return (not bar or identifier.get("system", "") == system) and value in ("", identifier.get("value"))


def _references(value: Any) -> Iterator[dict[str, Any]]:
    """Every element of a resource that has a reference which is no fragment."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str) and not value["reference"].startswith("#"):
            yield value
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _led(value: Any, lead: Callable[[str], str]) -> Any:
    """The same with every reference, and every URL of an attachment, led where it belongs."""
    if isinstance(value, dict):
        leads = {"reference", "url"} & value.keys()
        return {k: lead(v) if k in leads and isinstance(v, str) else _led(v, lead) for k, v in value.items()}
    return [_led(part, lead) for part in value] if isinstance(value, list) else value


def _without_version(content: Resource) -> Resource:
    meta = {key: value for key, value in content.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    return {**{key: value for key, value in content.items() if key != "meta"}, **({"meta": meta} if meta else {})}
