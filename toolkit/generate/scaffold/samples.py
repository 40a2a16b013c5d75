"""The samples of a new integration: messages that are accepted, and one that is rejected."""

from collections.abc import Collection, Iterator

from toolkit.generate.scaffold.declaration import TEMPLATES
from toolkit.generate.scaffold.kinds import OF_HL7, TYPES, Kinds


class NoSample(ValueError):
    """No sample has one of these messages."""


FOLDER = TEMPLATES / "samples"
NAMED = {"json": "change", "xml": "change", "csv": "change", "file": "letter", "fhir": "patient"}
# Source -> the name of the rejected sample, and the text of an accepted one that it has in another form.
REJECTED = {
    "hl7v2": ("rejected_no_name", b"|Sampl^Sian|", b"||"),
    "json": ("rejected_no_nhs_number", b'    "nhsNumber": "9990000018",\n', b""),
    "file": ("rejected_no_nhs_number", b'    "nhsNumber": "9990000018",\n', b""),
    "xml": ("rejected_no_nhs_number", b"  <NhsNumber>9990000018</NhsNumber>\n", b""),
    "csv": ("rejected_no_nhs_number", b"999 000 0018", b""),
    "fhir": ("rejected_gender", b'"gender": "female"', b'"gender": "F"'),
}


def samples(kinds: Kinds, messages: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
    """The name of each file in ``samples/``, and its bytes. ``messages``: only these of HL7 v2; ``()``: all."""
    if kinds.source in OF_HL7:
        return ((f"{name}.in.{_extension(kinds)}", _written(kinds, body)) for name, body in _of_hl7(kinds.code, messages))
    path = next(FOLDER.glob(f"{kinds.source}.*"))
    name, old, new = REJECTED[kinds.source]
    body, end = path.read_bytes(), f"in{path.suffix}"
    return iter(
        ((f"{NAMED[kinds.source]}.{end}", body), (f"{name}.{end}", body.replace(old, new).replace(b"SENDER00", b"SENDER90")))
    )


def _of_hl7(code: str, messages: Collection[str]) -> Iterator[tuple[str, bytes]]:
    every = TYPES[code].samples.split()
    names = [name for name in every if not messages or f"{code}^{name.partition('_')[0].upper()}" in messages]
    if not names:
        raise NoSample(f"./hub new has no sample of {', '.join(messages)}")
    bodies = [(FOLDER / "hl7v2" / f"{name}.hl7").read_bytes() for name in names]
    yield from zip(names, bodies, strict=True)
    name, old, new = REJECTED["hl7v2"]
    yield name, bodies[0].replace(old, new).replace(b"SENDER00", b"SENDER90")


def _extension(kinds: Kinds) -> str:
    return "hl7" if kinds.source == "hl7v2" else kinds.source


def _written(kinds: Kinds, body: bytes) -> bytes:
    """The message as its source sends it."""
    from shared import formats
    from shared.hl7 import parse

    return body if kinds.source == "hl7v2" else formats.load(kinds.source).write(parse(body), "").body
