"""Documents inside a result message: one base64 text cut over consecutive OBX, joined again (standard, clause 7.3)."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from typing import NamedTuple

from shared.hl7 import Message, Segment, compose, replace
from shared.hl7.repetition import Raw

BEGINNINGS = {"PDF": (b"%PDF", "JVBERi0")}  # how a file of the subtype begins, and that in base64


class Document(NamedTuple):
    """The pieces of one document, in order."""

    pieces: tuple[Segment, ...]

    @property
    def first(self) -> Segment:
        return self.pieces[0]

    @property
    def data(self) -> str:
        """The data of a document in pieces; of several files in one OBX that of the first."""
        return "".join(piece.raw("5.5") for piece in self.pieces)


def documents(message: Message) -> Iterator[Document]:
    """Each document of a message: consecutive OBX of type ED that continue each other."""
    pieces: list[Segment] = []
    for segment in message.segments():
        if pieces and not continues(pieces, segment):
            yield Document(tuple(pieces))
            pieces = []
        if is_piece(segment):
            pieces.append(segment)
    if pieces:
        yield Document(tuple(pieces))


def is_piece(segment: Segment) -> bool:
    return segment.name == "OBX" and segment["2"] == "ED"


def continues(pieces: list[Segment], segment: Segment) -> bool:
    """The same observation and kind of document, when the pieces before do not end one and this begins no other."""
    if not is_piece(segment) or kind(segment) != kind(pieces[0]):
        return False
    if len(segment.repeats("5")) > 1 or len(pieces[-1].repeats("5")) > 1:
        return False  # several files in one OBX are each whole
    before, data = pieces[-1].raw("5.5"), segment.raw("5.5")
    begins = any(data.startswith(beginning) for _, beginning in BEGINNINGS.values())
    return not before.endswith("=") and not begins


def kind(piece: Segment) -> tuple[str, ...]:
    return (piece.raw("3"), piece.raw("4"), *(piece.raw(f"5.{n}") for n in (1, 2, 3, 4)))


def is_whole(document: Document) -> bool:
    """Whether the data is base64, and begins as its subtype requires: that of the pieces together, or of each file of one OBX."""
    files = len(document.first.repeats("5"))
    if files < 2:
        return _is_file(document.data, document.first["5.3"])
    return all(_is_file(document.first.raw(f"5[{n}].5"), document.first[f"5[{n}].3"]) for n in range(1, files + 1))


def _is_file(data: str, subtype: str) -> bool:
    try:
        decoded = b64decode(data, validate=True)
    except (Error, ValueError):
        return False
    begins = BEGINNINGS.get(subtype.upper())
    return bool(decoded) and (begins is None or decoded.startswith(begins[0]))


def joined(message: Message) -> Message:
    """The message with each document in one OBX; itself when no document was cut."""
    cut = [document for document in documents(message) if len(document.pieces) > 1]
    if not cut:
        return message
    whole = {document.first.where(): document for document in cut}
    rest = {piece.where() for document in cut for piece in document.pieces[1:]}
    kept = [each for each in message.segments() if each.where() not in rest]
    return compose(message, [_whole(each, whole[each.where()]) if each.where() in whole else each for each in kept])


def _whole(segment: Segment, document: Document) -> Segment:
    component = segment.encoding.component
    value = component.join([*(segment.raw(f"5.{n}") for n in (1, 2, 3, 4)), document.data])
    return replace(segment, {"5": Raw(value)})
