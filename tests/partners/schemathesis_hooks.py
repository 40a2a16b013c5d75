"""How Schemathesis writes a body that is bytes: one for each media type of a message."""

import schemathesis

BYTES = ("application/hl7-v2", "text/csv", "text/xml", "application/xml", "application/soap+xml", "application/fhir+xml")


@schemathesis.serializer(*BYTES)
def as_bytes(context: object, value: object) -> bytes:
    """The body as it is."""
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogatepass")
