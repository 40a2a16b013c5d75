"""Lines of ``key=value``: the facts of a format that only a test has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from shared.formats.format import Format
from shared.formats.media import FHIR_JSON, JSON
from shared.leaves import Leaf

if TYPE_CHECKING:
    from shared.envelope import Outgoing

MEDIA_TYPE = "text/x-pairs"


class Pairs(NamedTuple):
    """The lines of a message, in order."""

    lines: tuple[tuple[str, str], ...]

    def get(self, key: str) -> str:
        """The value of a key; ``""`` if it is absent."""
        return dict(self.lines).get(key, "")


def parse(body: bytes) -> Pairs:
    """The lines of a body. ``ValueError``: one has no ``=``."""
    cut = [line.partition("=") for line in body.decode("utf-8").split("\n") if line]
    if not all(equals for _, equals, _ in cut):
        raise ValueError("a line without =")
    return Pairs(tuple((key, value) for key, _, value in cut))


def encode(document: Pairs) -> bytes:
    """The body of these lines."""
    return "".join(f"{key}={value}\n" for key, value in document.lines).encode()


def write(document: Pairs, control_id: str) -> "Outgoing":
    """A document as it is sent."""
    from shared.envelope import Outgoing

    return Outgoing(content_type=MEDIA_TYPE, body=encode(document), control_id=control_id)


def leaves(document: Pairs) -> Iterator[Leaf]:
    """Every value."""
    for number, (key, value) in enumerate(document.lines):
        before, after = document.lines[:number], document.lines[number + 1 :]

        def changed(new: str, key: str = key, before: tuple = before, after: tuple = after) -> Pairs:  # type: ignore[type-arg]
            return Pairs((*before, (key, new), *after))

        yield Leaf(key, value, changed)


def mark_test(body: bytes, control_id: str) -> bytes:
    """A message with another ``id`` and ``test=yes``."""
    kept = tuple((key, value) for key, value in parse(body).lines if key not in ("id", "test"))
    return encode(Pairs((("id", control_id), *kept, ("test", "yes"))))


FORMAT = Format(
    name="pairs",
    extension="pairs",
    media_types=(MEDIA_TYPE,),
    assumed_type=MEDIA_TYPE,
    answers=(JSON, FHIR_JSON),
    begins=(b"id=",),
    identifies=("id", "ward"),
    schemas={MEDIA_TYPE: {"type": "string"}},
    example=b"id=EXAMPLE1\nward=W1\nname=Prawf\ntest=yes\n",
    holds=lambda document: isinstance(document, Pairs),
    parse=parse,
    write=write,
    leaves=leaves,
    test_mark="test",
    mark_test=mark_test,
)
