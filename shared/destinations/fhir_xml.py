"""FHIR in XML on the wire to a server. The rest of the destination, and the ledger, know JSON only."""

import json

from shared.destinations.wire.https import Reply
from shared.fhir.resource import Decimal, to_json
from shared.problems import Unsupported

JSON, XML = "application/fhir+json", "application/fhir+xml"
ALSO_XML = (XML, "application/xml", "text/xml")


def as_xml(body: bytes) -> bytes:
    """A resource in JSON, in XML; the digits of its decimals stay."""
    from shared.fhir.xml.write import write

    return write(json.loads(body, parse_float=Decimal))


def as_json(reply: Reply) -> Reply:
    """An answer in XML as if it were in JSON. One that cannot be read has no body, like one that was cut off."""
    if reply.content_type not in ALSO_XML:
        return reply
    return reply._replace(headers={**reply.headers, "content-type": JSON}, body=_json(reply.body))


def _json(body: bytes) -> bytes:
    from shared.fhir.xml.read import read
    from shared.xml.parse import parse

    try:
        return to_json(read(parse(body)))
    except Unsupported:
        return b""
