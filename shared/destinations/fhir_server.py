"""A FHIR R4 server that accepts transactions. A patient that it knows is read, merged and written with ``If-Match``."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

import orjson

from shared import base64_pieces, long_texts
from shared.destinations.fhir_reply import entries_of, found_in, refusal, resource_of, status_of
from shared.destinations.fhir_xml import JSON, XML, as_json, as_xml
from shared.destinations.kinds.failures import CONNECTION, SETTINGS, TOKENS, Failure
from shared.destinations.kinds.kind import Kind, Setting
from shared.destinations.wire import authority, https
from shared.destinations.wire.tls import TIMEOUT, TLS_FILES
from shared.envelope import Outgoing, Receipt
from shared.fhir.bundle import file_number
from shared.fhir.merge import merge_searches, prepare, rewrite_references, same_again, search_form, without_replaced
from shared.fhir.resource import Decimal, Resource, to_json
from shared.fhir.versions import add_if_match, is_older, versioned_entries
from shared.long_texts import LongText
from shared.problems import Undelivered
from shared.telemetry.tracing import trace_headers

AGAIN = ("http-409", "http-412", "entry-409", "entry-412", "created-meanwhile")
ROUNDS = 4  # how often we read, merge and write before the message waits for its next attempt
LARGE = 5 * 1024 * 1024 // 3 * 4  # base64 characters (5 MiB): a Binary so large is uploaded on its own, before the transaction
Opener = Callable[[], AsyncIterator[bytes]]
KIND = Kind(
    label="FHIR server",
    settings=(
        Setting("URL", "base address of the server, https unless it is this machine", is_address=True),
        TIMEOUT,
        *authority.SETTINGS,
        *TLS_FILES,
    ),
    failures=(
        *CONNECTION,
        Failure("reply-cut", "a success whose body is cut off", "unclear", True, "maybe"),
        Failure("reply-odd", "a success that does not answer every entry, or cannot be read", "unclear", True, "maybe"),
        Failure("reply-too-large", "the answer is too large to be read", "unclear", True, "maybe"),
        Failure("outcome", "a success with an OperationOutcome in place of the answer", "unclear", True, "maybe"),
        Failure("outcome-error", "the same, and its issues are errors", "message", False, "no"),
        Failure("not-fhir", "a success that is not FHIR: another server is at that address", "set-up", True, "no"),
        Failure("no-versions", "the server gives no versions, so nothing can be merged safely", "set-up", True, "no"),
        Failure("not-unique", "the server holds several resources with that identifier", "message", False, "no"),
        Failure("created-meanwhile", "another sender created the same resource at that moment", "message", True, "no"),
        Failure("no-transaction", "our message is not a transaction", "message", False, "no"),
        *SETTINGS,
        *TOKENS,
    ),
    answers_with_status=True,
    reads_texts=True,
    simulator="toolkit.local.simulators.cdr:Cdr",
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FhirServer:
    """A FHIR server, by ``<name>__URL``, ``__TIMEOUT`` (30 s), and the settings of ``authority`` (sign-in) and ``tls``.

    Of resources of the type ``newest`` the server keeps the version with the later ``date``, in any order of arrival.
    ``format``: of what is sent, and of the answers that the request accepts; answers in the other one are read too.
    """

    kind: ClassVar[Kind] = KIND
    name: str
    takes_synthetic: bool = False
    large: int = LARGE
    newest: str = ""
    format: Literal["json", "xml"] = "json"

    async def deliver(self, outgoing: Outgoing) -> Receipt:
        """Post the transaction, unless the server holds a newer version; raises ``Undelivered``."""
        bundle = _transaction(outgoing)
        held = await self._held(bundle)
        if any(is_older(bundle["entry"][place]["resource"], there) for place, there in held.items()):
            return Receipt("newer-held")
        large = [place for place, entry in enumerate(bundle["entry"]) if file_number(entry) is not None or self._is_large(entry)]
        merging = bool(merge_searches(bundle))
        if not large and not merging and not held:
            return await self._post(outgoing.whole().body, len(bundle["entry"]))
        exact = add_if_match(_read(outgoing, partial(json.loads, parse_float=Decimal)), held)
        if large:
            exact = await self._without_documents(exact, outgoing.files)
        return await self._merge(exact) if merging else await self._post(to_json(exact), len(exact["entry"]))

    async def _held(self, bundle: Resource) -> dict[int, Resource]:
        """Resources of the type ``newest`` that the transaction would replace, as the server holds them, by entry number."""
        versioned = versioned_entries(bundle, self.newest) if self.newest else {}
        read = {place: await self._read(id_) for place, id_ in versioned.items()}
        return {place: there for place, there in read.items() if there}

    async def _read(self, id_: str) -> Resource | None:
        """One resource of the type ``newest``; ``None`` if the server never had one with this id, or has deleted it."""
        reply = await self._send("GET", f"{https.address(self.name)}/{self.newest}/{id_}", b"", {"Cache-Control": "no-cache"})
        return None if reply.status in (404, 410) else resource_of(reply)

    async def _post(self, body: bytes, entries: int, merged: tuple[int, ...] = ()) -> Receipt:
        sent = as_xml(body) if self.format == "xml" else body
        headers = {"Content-Type": self._media_type, "Prefer": "return=minimal"}
        reply = await self._send("POST", https.address(self.name), sent, headers)
        answered = entries_of(resource_of(reply), entries)
        if any(status_of(answered[place]) == 200 for place in merged):
            raise Undelivered(
                kind="transient", code="created-meanwhile", text="another client created what this message would have created"
            )
        return Receipt("stored")

    async def _merge(self, bundle: Resource) -> Receipt:
        """Read, merge and write; again if another client has changed the resource meanwhile."""
        for _ in range(ROUNDS - 1):
            try:
                return await self._merge_once(bundle)
            except Undelivered as problem:
                if problem.code not in AGAIN:
                    raise
        return await self._merge_once(bundle)

    async def _merge_once(self, bundle: Resource) -> Receipt:
        held = {place: await self._find(*search) for place, search in merge_searches(bundle).items()}
        ready, again = prepare(bundle, held), same_again(bundle, held)
        new = tuple(place - sum(each < place for each in again) for place, there in held.items() if there is None)
        return await self._post(to_json(ready), len(ready["entry"]), new)

    async def _find(self, kind: str, query: str) -> Resource | None:
        """What the server holds, never from a cache. The search is a POST, so that no identifier is in a URL."""
        body = urlencode({**search_form(query), "_count": "3"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cache-Control": "no-cache"}
        reply = await self._send("POST", f"{https.address(self.name)}/{kind}/_search", body, headers)
        resource_of(reply)
        found = _current(found_in(reply.body, kind))
        if len(found) > 1:
            raise Undelivered(kind="permanent", code="not-unique", text="the server holds several resources with that identifier")
        if found and not _version(found[0]):
            raise Undelivered(
                kind="misconfigured", code="no-versions", text="the server gives no versions, so nothing can be merged safely"
            )
        return found[0] if found else None

    async def _send(self, method: str, url: str, body: bytes | Opener, headers: dict[str, str]) -> https.Reply:
        """One request with our token. If the token is refused, one more with a new token."""
        headers = {"Accept": self._media_type, **headers}
        reply = await self._send_once(method, url, body, headers)
        if reply.status != 401:
            return reply
        authority.forget(self.name)
        return await self._send_once(method, url, body, headers)

    async def _send_once(self, method: str, url: str, body: bytes | Opener, headers: dict[str, str]) -> https.Reply:
        sign_in = await authority.authorization(self.name)
        sent = {**headers, **trace_headers(), **sign_in}
        return as_json(await https.send(self.name, method, url, body if isinstance(body, bytes) else body(), sent))

    @property
    def _media_type(self) -> str:
        return XML if self.format == "xml" else JSON

    def _is_large(self, entry: dict[str, Any]) -> bool:
        """Whether an entry is a large Binary under our own id, so that two uploads leave one resource."""
        content, request = entry.get("resource", {}), entry.get("request", {})
        is_ours = request.get("method") == "PUT" and request.get("url") == f"Binary/{content.get('id')}"
        return is_ours and len(content.get("data", "")) >= self.large

    async def _without_documents(self, bundle: Resource, files: tuple[Opener, ...]) -> Resource:
        """The transaction without large documents, which are uploaded first, piece by piece; it then refers to them."""
        uploaded = {}
        for entry in bundle["entry"]:
            if (number := file_number(entry)) is not None:
                await self._upload(entry["resource"], files[number])
            elif self._is_large(entry):
                await self._upload(entry["resource"], partial(_pieces, entry["resource"]["data"]))
            else:
                continue
            uploaded[entry["fullUrl"]] = f"Binary/{entry['resource']['id']}"
        kept = [entry for entry in bundle["entry"] if entry.get("fullUrl") not in uploaded]
        return {**bundle, "entry": [rewrite_references(entry, uploaded) for entry in kept]}

    async def _upload(self, binary: Resource, pieces: Opener) -> None:
        url = f"{https.address(self.name)}/Binary/{binary['id']}"
        headers = {"Content-Type": binary["contentType"], "Prefer": "return=minimal"}
        reply = await self._send("PUT", url, pieces, headers)
        if not 200 <= reply.status < 300:
            raise refusal(reply)

    async def close(self) -> None:
        """Close the open connections."""
        await https.close(self.name)
        await authority.close(self.name)


def _read(outgoing: Outgoing, loads: Callable[[bytes], Any]) -> Any:
    """The JSON of a body, with a ``LongText`` for each long text."""
    body, texts = outgoing.body, outgoing.texts
    return long_texts.read_apart(body, texts, loads) if texts else long_texts.read(body, loads)


def _transaction(outgoing: Outgoing) -> dict[str, Any]:
    try:
        content = _read(outgoing, orjson.loads)
    except ValueError:
        content = {}
    if isinstance(content, dict) and content.get("type") in ("transaction", "batch") and content.get("entry"):
        return content
    raise Undelivered(kind="permanent", code="no-transaction", text="our message is not a transaction")


def _version(held: Resource) -> str:
    meta = held.get("meta")
    return str(meta.get("versionId", "")) if isinstance(meta, dict) else ""


def _current(found: list[Resource]) -> list[Resource]:
    try:
        return without_replaced(found)
    except (TypeError, AttributeError):
        raise Undelivered(
            kind="transient", code="reply-odd", text="the answer to a search cannot be read", ambiguous=True
        ) from None


async def _pieces(data: str | LongText) -> AsyncIterator[bytes]:
    for piece in base64_pieces.decoded(data):
        yield piece
