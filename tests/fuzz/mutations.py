"""Hostile messages, made from the samples of an integration: the same seed gives the same ones.

Each begins as an accepted sample and is changed in one to three ways: a leaf holds a text that it should not, a segment or a
property is moved, repeated or taken away, or bytes are changed wherever they are.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson

WORDS = (
    *(
        "",
        " ",
        '""',
        "x",
        "0",
        "-1",
        "Z",
        "ZZZ",
        "O'Neil",
        "Siân",
        "\u0175",
        "\U0001f600",
        "a b",
        "  a",
        "a ",
        "None",
        "null",
        "NaN",
    ),
    *("99999999999999999999", "1e999", "1.", ".5", "+1", "\u0661\u0662", "20260230", "00000000", "2026", "202613", "99991231"),
    *("20260501250000", "20260501101112+9900", "18000101", "2026-05-01", "2026-05-01T10:11:12Z", "19000229", "0001-01-01"),
    *(
        "9990000018",
        "9990000019",
        "999 000 0018",
        "NHS",
        "NH",
        "100",
        "252",
        "103",
        "XXX",
        "urn:oid:1.2",
        "urn:uuid:x",
        "http://a b",
    ),
    *(
        "2.16.840.1.113883.2.1.8.1.5.103",
        "1.2.3.",
        "ISO",
        "SCT",
        "L",
        "LN",
        "mg/L",
        "<",
        "<=5",
        "^",
        "&",
        "~",
        "\\",
        "|",
        "^^^",
        "&&",
    ),
    *(
        "~~",
        "\\T\\",
        "\\X0B\\",
        "\\X1C0D\\",
        "\\X00\\",
        "\\X\\",
        "\\XFF\\",
        "\\.br\\",
        "\\H\\",
        "\\Zq\\",
        "\\C2842\\",
        "\\E",
        "x\\Y\\",
    ),
    *(
        "\x00",
        "\x01",
        "\t",
        "\x0b",
        "\x0c",
        "\x1b[31m",
        "\x1c",
        "\x7f",
        "\x80",
        "\x85",
        "\u00ad",
        "\u200b",
        "\u2028",
        "\ufeff",
        "\ufffe",
    ),
    *(
        "a\x0bb",
        "\\X0A\\",
        "<script>",
        "{{x}}",
        "${x}",
        "../x",
        "a/b",
        "a?b=c",
        "#a",
        "%00",
        "=cmd",
        "UNICODE UTF-16",
        "8859/1",
        "ASCII",
    ),
    *(
        "x" * 70,
        "x" * 300,
        "9" * 70,
        "x" * 5_000,
        "^" * 50,
        "~x" * 60,
        "&1" * 60,
        "AB==",
        "JVBERi0=",
        "JVBERi0",
        "////",
        "Base64",
    ),
    *(
        "ED",
        "TX",
        "NM",
        "SN",
        "CE",
        "DT",
        "TS",
        "RP",
        "A",
        "F",
        "M",
        "X",
        "P",
        "T",
        "D",
        "C",
        "I",
        "N",
        "Y",
        "AL",
        "NE",
        "2.5",
        "2.3",
    ),
)
SEGMENTS = (
    *(
        "PID|1||1^^^NHS^NH||A^B",
        "PV1|1|N",
        "MSH|^~\\&|A",
        "EVN|A31",
        "OBX|1|NM|1^x^L||1|||||F",
        "NTE|1||x",
        "MRG|1",
        "ZZ1|1^2&3~4",
    ),
    *(
        "AL1|1|DA|PEN",
        "DG1|1||I10",
        "IN1|1|A|B",
        "NK1|1|A^B",
        "ORC|RE|1|2",
        "OBR|1|1|2|X",
        "TXA|1|CD|TX",
        "RXA|0|1|2026||X",
        "PRT|1",
    ),
    *(
        "ROL|1|AD|PP|1^A",
        "PD1|||A",
        "SPM|1",
        "TQ1|1",
        "GT1|1||A",
        "ERR",
        "A",
        "PID",
        "EVN PID PV1|1",
        "Z",
        "Zoe was here",
        "|",
        "\x0b",
        "\ufeff",
    ),
    *("DSC|1", "FHS|^~\\&|A", "BTS|1", "QRD|1", "PR1|1||X", "ACC|1", "DB1|1", "PDA|1", "SFT|A|B|C|D"),
)
VALUES: tuple[Any, ...] = (
    *WORDS,
    0,
    -1,
    1.5,
    10**30,
    -(2**63),
    True,
    False,
    None,
    [],
    {},
    [None],
    [[]],
    ["x"],
    [{}],
    {"a": 1},
    {"": None},
)
KEYS = (
    *(
        "meta",
        "id",
        "extension",
        "contained",
        "text",
        "type",
        "resource",
        "fullUrl",
        "reference",
        "data",
        "system",
        "value",
        "code",
    ),
    *("coding", "_id", "file", "identifier", "resourceType", "status", "x", "\u0000", "Jones", "a.b", "a/b"),
)
DEEPEST = 100  # levels down to which a place is changed
Change = Callable[[bytes, random.Random], bytes]


def inputs(bodies: list[bytes], count: int, seed: int = 0) -> Iterator[bytes]:
    """So many hostile bodies; each is made of one of these, by a seed of its own."""
    for number in range(count):
        chance = random.Random(f"{seed}.{number}")
        body = chance.choice(bodies)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            body = chance.choice(BYTES if chance.random() < 0.1 else kinds(body))(body, chance)
        yield body


def kinds(body: bytes) -> tuple[Change, ...]:
    return JSON if body.lstrip()[:1] in (b"{", b"[") else HL7


def _word(chance: random.Random) -> bytes:
    return chance.choice(WORDS).encode(chance.choice(("utf-8", "utf-8", "utf-8", "latin-1", "utf-16")), "replace")


# Bytes


def cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def flip(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + bytes([chance.randrange(256)]) + body[at + chance.choice((0, 1)) :]


def insert(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + _word(chance) * chance.choice((1, 1, 40)) + body[at:]


def wrap(body: bytes, chance: random.Random) -> bytes:
    before, after = chance.choice(
        (
            (b"\x0b", b"\x1c\r"),
            (b"\xef\xbb\xbf", b""),
            (b"\r\n \t", b"\n\n\n"),
            (b"", b"\x1c"),
            (b"x", b""),
            (b"", body),
            (b"\xff\xfe", b""),
        )
    )
    return before + body + after


def recode(body: bytes, chance: random.Random) -> bytes:
    return body.decode("utf-8", "replace").encode(
        chance.choice(("utf-16", "utf-16-le", "latin-1", "utf-8-sig", "utf-32")), "replace"
    )


BYTES: tuple[Change, ...] = (cut, flip, insert, wrap, recode)

# HL7 v2


def lines(body: bytes) -> list[bytes]:
    return body.replace(b"\r\n", b"\r").replace(b"\n", b"\r").rstrip(b"\r").split(b"\r")


def leaf(body: bytes, chance: random.Random) -> bytes:
    """Another text in one leaf, or in place of a whole field or repetition."""
    segments = lines(body)
    at = chance.randrange(len(segments))
    segments[at] = _put(segments[at], chance, [b"|", b"~", b"^", b"&"][: chance.choice((1, 2, 3, 4, 4, 4))])
    return _joined(segments)


def _put(text: bytes, chance: random.Random, levels: list[bytes]) -> bytes:
    if not levels:
        return _word(chance)
    parts = text.split(levels[0])
    first = 1 if levels[0] == b"|" and len(parts) > 1 else 0
    at = chance.randrange(first, len(parts) + (chance.random() < 0.2))
    parts += [b""] * (at + 1 - len(parts))
    parts[at] = _put(parts[at], chance, levels[1:])
    return levels[0].join(parts)


def segment(body: bytes, chance: random.Random) -> bytes:
    """A segment goes, comes twice, moves, or a foreign one comes in."""
    segments = lines(body)
    at, to = chance.randrange(len(segments)), chance.randrange(1, len(segments) + 1)
    match chance.randrange(4):
        case 0:
            del segments[at]
        case 1:
            segments[to:to] = [segments[at]] * chance.choice((1, 1, 2, 60))
        case 2:
            segments.insert(to, segments.pop(at))
        case _:
            segments.insert(to, chance.choice(SEGMENTS).encode())
    return _joined(segments)


def without(body: bytes, chance: random.Random) -> bytes:
    """A field that says nothing."""
    segments = lines(body)
    at = chance.randrange(len(segments))
    fields = segments[at].split(b"|")
    fields[chance.randrange(1, len(fields)) if len(fields) > 1 else 0] = b""
    segments[at] = b"|".join(fields)
    return _joined(segments)


def repeated(body: bytes, chance: random.Random) -> bytes:
    segments = lines(body)
    at = chance.randrange(len(segments))
    fields = segments[at].split(b"|")
    which = chance.randrange(len(fields))
    fields[which] = b"~".join([fields[which]] * chance.choice((2, 3, 50)))
    segments[at] = b"|".join(fields)
    return _joined(segments)


def ends(body: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"\n", b"\r\n", b"\r\r", b"\n\r")).join(lines(body))


def _joined(segments: list[bytes]) -> bytes:
    return b"\r".join(segments) + b"\r"


HL7: tuple[Change, ...] = (leaf, leaf, leaf, leaf, leaf, segment, segment, without, repeated, ends)

# JSON


def value(body: bytes, chance: random.Random) -> bytes:
    """Another value at one place."""
    return _edited(body, chance, lambda _: chance.choice(VALUES))


def gone(body: bytes, chance: random.Random) -> bytes:
    def remove(inner: Any) -> Any:
        if isinstance(inner, dict) and inner:
            key = chance.choice(list(inner))
            return {name: value for name, value in inner.items() if name != key}
        return inner[1:] if isinstance(inner, list) else None

    return _edited(body, chance, remove)


def added(body: bytes, chance: random.Random) -> bytes:
    def add(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {**inner, chance.choice(KEYS): chance.choice(VALUES)}
        return [*inner, *inner] if isinstance(inner, list) else [inner]

    return _edited(body, chance, add)


def twice(body: bytes, chance: random.Random) -> bytes:
    """A property with two values, which no writer makes."""
    at = body.find(b'"', chance.randrange(len(body) + 1))
    end = body.find(b'":', at + 1)
    return body[:at] + body[at : end + 2] + b'"x",' + body[at:] if 0 <= at < end else body


def deep(body: bytes, chance: random.Random) -> bytes:
    levels = chance.choice((10, 63, 64, 65, 500, 5_000))
    return body.replace(b":", b":" + b"[" * levels, 1).replace(b",", b"]" * levels + b",", 1)


def surrogate(body: bytes, chance: random.Random) -> bytes:
    return body.replace(
        b'"', chance.choice((b'"\\ud800', b'"\\udfff', b'"\\u0000', b'"\\u000b', b'"\\ud83d\\ude00')), 1 + chance.randrange(9)
    )


def _edited(body: bytes, chance: random.Random, edit: Callable[[Any], Any]) -> bytes:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    places = list(_places(document))
    if not places:
        return body
    holder, key = chance.choice(places)
    holder[key] = edit(holder[key])
    try:
        return orjson.dumps(document)
    except TypeError:  # a number that is too large for JSON as this writer has it
        return body


def _places(document: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    items = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, inner in list(items) if depth < DEEPEST else ():
        yield document, key
        yield from _places(inner, depth + 1)


JSON: tuple[Change, ...] = (value, value, value, value, gone, gone, added, twice, deep, surrogate)
