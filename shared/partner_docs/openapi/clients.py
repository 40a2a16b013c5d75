"""What generators of clients need to know besides the document."""

from shared import formats

BYTES = "application/octet-stream"


def python_client() -> str:
    """The configuration of openapi-python-client: every media type of a message that is not JSON is sent as bytes."""
    types = sorted({media for form in formats.every() for media, shape in form.schemas.items() if shape["type"] != "object"})
    return "".join(["content_type_overrides:\n", *(f"  {media}: {BYTES}\n" for media in types)])
