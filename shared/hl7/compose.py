"""Writing: segments from values, messages from segments. What is copied as raw text stays the same bytes."""

from collections.abc import Iterable, Mapping, Sequence

from shared.hl7.encoding import Encoding, declared, escape
from shared.hl7.message import Message
from shared.hl7.segment import HEADERS, NUMBERS, Raw, Repetition, Segment

LARGE = 1 << 20  # characters of a line from which its fields are not held beside it: a document would be in memory twice
Component = str | Raw | tuple[str, ...] | None
Value = str | Raw | Repetition | tuple[Component, ...] | Sequence["Value"] | None


def segment(name: str, values: Mapping[str, Value], like: Message) -> Segment:
    r"""A segment with these fields, in the delimiters of a message.

    Text is escaped; ``Raw`` and ``Repetition`` are copied as they are; a tuple is components (a tuple in it,
    subcomponents); a list is repetitions; ``None`` and ``""`` are absent. With no value at all the segment is empty, and
    ``compose`` leaves it out.

    >>> from shared.hl7 import parse
    >>> segment("PID", {"3": [("1", "", "", "NHS", "NH"), ("2",)], "5": "A&B"}, like=parse("MSH|^~\\&|")).line
    'PID|||1^^^NHS^NH~2||A\\T\\B'
    """
    fields = filled([name], values, like.encoding)
    return written(name, fields, like.encoding) if len(fields) > 1 else Segment(name, "", like.encoding)


def replace(original: Segment, values: Mapping[str, Value]) -> Segment:
    """The segment with these fields changed and every other one as it was sent."""
    fields = filled(list(original.fields), values, original.encoding)
    return written(original.name, fields, original.encoding, original.occurrence)


def filled(fields: list[str], values: Mapping[str, Value], encoding: Encoding) -> list[str]:
    """The fields with these texts in their places, as many as it takes; the delimiters of a header stand as they are."""
    as_it_is = 2 if fields[0] in HEADERS else 0
    for number, value in values.items():
        place = NUMBERS[number]
        text = (str(value) if place <= as_it_is else field_text(value, encoding)) if value else ""
        if place < len(fields):
            fields[place] = text
        elif text:
            fields += [""] * (place - len(fields))
            fields.append(text)
    return fields


def written(name: str, fields: list[str], encoding: Encoding, occurrence: int = 1) -> Segment:
    """A segment that has its fields already, so that nobody needs to split the line again."""
    line = encoding.field.join([name, *fields[2:]] if name in HEADERS else fields)
    return Segment(name, line, encoding, occurrence, fields if len(line) < LARGE else None)


def compose(like: Message, segments: Iterable[Segment], charset: str = "") -> Message:
    """A message of these segments, in the character set of another or a given one; the delimiters are those of its own MSH."""
    chosen = [each for each in segments if each.line]
    if not chosen or chosen[0].name != "MSH":
        raise ValueError("a message begins with MSH")
    encoding = declared(chosen[0]["1"], chosen[0]["2"], charset or like.encoding.charset)
    encodings = {id(segment.encoding): segment.encoding for segment in chosen}  # one, as a rule
    if any(each[:5] != encoding[:5] for each in encodings.values()):
        raise ValueError("the segments are written in delimiters that MSH does not declare")
    message = Message([each.line for each in chosen], encoding, like.repairs)
    message.keep(chosen)
    return message


def field_text(value: Value, encoding: Encoding) -> str:
    """A value as the text of a field."""
    if not value:
        return ""
    if isinstance(value, str):
        return _text(value, encoding)
    if isinstance(value, Repetition):
        return value.sent
    if isinstance(value, tuple):
        return encoding.component.join([_component(each, encoding) if each else "" for each in value]).rstrip(encoding.component)
    return encoding.repetition.join([field_text(each, encoding) for each in value]).rstrip(encoding.repetition)


def _component(value: str | Raw | tuple[str, ...], encoding: Encoding) -> str:
    if isinstance(value, tuple):
        return encoding.subcomponent.join([_text(each, encoding) for each in value]).rstrip(encoding.subcomponent)
    return _text(value, encoding)


def _text(value: str, encoding: Encoding) -> str:
    """A plain text is escaped unless nothing in it could need it; ``Raw`` stands as it is."""
    return value if isinstance(value, Raw) or value.isalnum() else escape(value, encoding)
