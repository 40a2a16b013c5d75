"""Messages whose fields are canaries: texts that occur nowhere else, so that a text that repeats one has leaked it."""

import base64
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import count, islice
from urllib.parse import quote

from shared import check, formats
from shared.envelope import Envelope
from shared.formats.format import Format
from shared.formats.json.leaves import json_leaves
from shared.integration import Integration
from shared.leaves import Leaf
from shared.limits import NO_PLACES, Placed

HEADER = (b"MSH", b"FHS", b"BHS")
LEAF = re.compile(rb"[^|^~&\r\n]+")


class Nest:
    """Makes canaries, and knows each one again in plain text, URL-encoded and in base64 at any offset."""

    def __init__(self, made: Iterable[str] = ()) -> None:
        self.made = list(made)
        self._numbers = count(len(self.made) + 1)

    def new(self) -> str:
        """A text of ten characters that a name, a street or an identifier may be."""
        self.made.append(f"Zq{next(self._numbers):04d}Cnry")
        return self.made[-1]

    def found_in(self, text: str | bytes) -> set[str]:
        """The canaries that a sink holds."""
        data = text.encode("utf-8", "replace") if isinstance(text, str) else text
        return {canary for canary in self.made if any(shape in data for shape in shapes(canary))}


@cache
def shapes(canary: str) -> frozenset[bytes]:
    """How a text may look in a sink."""
    encoded = (base64.b64encode(b"\0" * offset + canary.encode())[4 if offset else 0 : -4] for offset in range(3))
    return frozenset((canary.encode(), quote(canary).encode(), *encoded))


def every_leaf(body: bytes, nest: Nest) -> bytes:
    """The message with a canary in each field but the header's: most rules refuse it."""
    return b"\r".join(
        line if line.startswith(HEADER) else line[:4] + LEAF.sub(lambda _: nest.new().encode(), line[4:])
        for line in re.split(rb"\r\n|\r|\n", body)
    )


def as_many_as_pass(integration: Integration, envelope: Envelope, nest: Nest) -> Envelope:
    """The message with a canary in each leaf whose change still lets it be taken and sent."""
    form = next(each for each in formats.of(integration.source) if each.begins_like(envelope.body))
    body = envelope.body
    source = integration.source
    places = source.places(source.read(envelope)) if isinstance(source, Placed) else NO_PLACES
    for number, leaf in enumerate(planted(form, body)):
        if re.split(r"[-.\[]", leaf.path)[0] in form.identifies or leaf.path in places:
            continue
        canary = nest.new()
        tried = form.write(next(islice(planted(form, body), number, None)).changed(canary), "").body
        ran = check.run(integration, _with(envelope, tried))
        if ran.verdict.accepted and ran.outgoing:
            body = tried
        else:
            nest.made.remove(canary)
    return _with(envelope, body)


def planted(form: Format, body: bytes) -> Iterator[Leaf]:
    """Every leaf of a body. Of a bundle these are more than those of its resources: those of its entries too."""
    document = form.parse(body)
    return json_leaves(document) if isinstance(document, dict | list) else form.leaves(document)


def _with(envelope: Envelope, body: bytes) -> Envelope:
    return Envelope(
        integration=envelope.integration,
        body=body,
        received_at=envelope.received_at,
        content_type=envelope.content_type,
        trigger=envelope.trigger,
    )
