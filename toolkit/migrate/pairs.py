"""Recorded pairs: a message as the replaced engine received it, and what that engine did with it.

A folder holds ``X.in.*`` and, where the engine sent something, ``X.out.*`` (further bodies as ``X.out.2.*``); ``X.ack.*`` is its
acknowledgement and ``X.properties.json`` what the output is routed by, where they were recorded. A file of JSON lines holds
``{"name", "in", "out"}`` a line: texts, or ``in_base64`` and ``out_base64`` for other bytes; ``out`` may be a list; ``"ack"``.

No output, an acknowledgement that is not AA or CA, or an output that is a verdict of ``./hub check --json`` means: refused.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from shared.compare.trees import format_of
from toolkit.samples import CONTENT_TYPES

ACCEPTED = ("AA", "CA")


class BrokenPairs(ValueError):
    """A folder or a file that cannot be read as pairs; the text says what and where, without a value."""


class Pair(NamedTuple):
    """One message: its name, its body, its format, and what the replaced engine made of it.

    ``accepted``: whether that engine took the message. ``outputs``: the bodies that it sent, ``None`` where they were not
    recorded. ``properties``: what it routed them by, ``None`` where that was not recorded.
    """

    name: str
    body: bytes
    format: str
    accepted: bool
    outputs: tuple[bytes, ...] | None = None
    properties: bytes | None = None

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(self.format, "")


def read(path: Path) -> list[Pair]:
    """The pairs of a folder or of a file of JSON lines, by name or by line. Raises ``BrokenPairs``."""
    if not path.exists():
        raise BrokenPairs(f"there is no folder or file {path}")
    found = list(_folder(path) if path.is_dir() else _lines(path))
    if not found:
        raise BrokenPairs(f"no pair in {path}: a folder holds X.in.* and X.out.*, a file one JSON object a line")
    return found


def _folder(folder: Path) -> Iterator[Pair]:
    files = sorted(each for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    others: dict[str, list[Path]] = {}
    inputs: dict[str, Path] = {}
    for each in files:
        name, found, _ = each.name.partition(".in.")
        if found:
            inputs[name] = each
        else:
            others.setdefault(each.name.partition(".")[0], []).append(each)
    if alone := next((name for name in others if name not in inputs and _with(others[name], name, "out")), ""):
        raise BrokenPairs(f"{folder / alone}.out.* has no {alone}.in.*")
    for name, each in inputs.items():
        yield _of_files(name, each, others.get(name.partition(".")[0], []))


def _of_files(name: str, path: Path, others: list[Path]) -> Pair:
    outputs = [each.read_bytes() for each in _with(others, name, "out")]
    ack = next((each.read_bytes() for each in _with(others, name, "ack")), None)
    properties = next((each.read_bytes() for each in _with(others, name, "properties")), None)
    return _pair(name, path.read_bytes(), path.suffix.removeprefix("."), outputs, ack)._replace(properties=properties)


def _with(paths: Iterable[Path], name: str, kind: str) -> list[Path]:
    """The files of one kind in their order: ``X.out.hl7``, ``X.out.2.hl7``."""
    found = [each for each in paths if each.name.startswith(f"{name}.{kind}.")]
    return sorted(found, key=lambda each: (_number(each.name.removeprefix(f"{name}.{kind}.")), each.name))


def _number(rest: str) -> int:
    first = rest.partition(".")[0]
    return int(first) if first.isdecimal() else 1


def _pair(name: str, body: bytes, extension: str, outputs: list[bytes], ack: bytes | None) -> Pair:
    known = extension if extension in CONTENT_TYPES else format_of(body)
    if any(map(_is_verdict, outputs)):
        return Pair(name, body, known, accepted=False, outputs=())
    accepted = _acknowledged(ack) if ack is not None else bool(outputs)
    return Pair(name, body, known, accepted, tuple(outputs) if outputs or not accepted else None)


def _is_verdict(body: bytes) -> bool:
    """Whether an output is a refusal as the hub writes it, and as samples hold it."""
    if format_of(body) != "json":
        return False
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and {"acknowledgement", "accepted", "issues"} == found.keys() and not found["accepted"]


def _acknowledged(ack: bytes) -> bool:
    """Whether an acknowledgement accepts: its MSA-1, or the two letters alone."""
    text = ack.decode("latin-1").replace("\r\n", "\r").replace("\n", "\r").strip()
    code = next((line[4:6] for line in text.split("\r") if line.startswith("MSA")), text[:2])
    return code in ACCEPTED


def _lines(path: Path) -> Iterator[Pair]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _of_line(line, number)


def _of_line(line: bytes, number: int) -> Pair:
    try:
        found = json.loads(line)
        body = _bytes(found, "in")
        outputs, ack = _outputs(found), found.get("ack")
        if body is None or (ack is not None and not isinstance(ack, str)):
            raise TypeError
    except (ValueError, TypeError, AttributeError):
        raise BrokenPairs(f'line {number} is not {{"name", "in", "out"}} with texts, or in_base64 and out_base64') from None
    name = str(found.get("name") or f"line {number}")
    return _pair(name, body, "", outputs, ack.encode() if ack is not None else None)


def _outputs(found: dict[str, Any]) -> list[bytes]:
    out = found.get("out")
    if isinstance(out, list):
        return [each.encode() for each in out]
    one = _bytes(found, "out")
    return [] if one is None else [one]


def _bytes(found: dict[str, Any], name: str) -> bytes | None:
    """A body as text or as base64; ``None`` when it is absent, null or empty."""
    if coded := found.get(f"{name}_base64"):
        return base64.b64decode(coded, validate=True)
    text = found.get(name)
    return text.encode() if text else None
