"""Writing: segments from values, messages from segments. Raw text is copied unchanged."""

from collections.abc import Iterable, Mapping, Sequence

from shared.hl7.long_lines import LongSegment, lines_of
from shared.hl7.message import Message
from shared.hl7.repetition import Raw, Repetition
from shared.hl7.segment import HEADERS, NUMBERS, Segment
from shared.hl7.syntax.encoding import Encoding, declared_encoding, escape, needs_escape
from shared.long_texts import LongText

LARGE = 1 << 20  # characters; the fields of a longer line are not cached, or a document would be in memory twice
Component = str | Raw | tuple[str, ...] | None
Value = str | Raw | Repetition | tuple[Component, ...] | Sequence["Value"] | None


def segment(name: str, values: Mapping[str, Value], like: Message) -> Segment:
    r"""A segment with these fields, in the delimiters of a message.

    Text is escaped; ``Raw`` and ``Repetition`` are copied unchanged; a tuple is components (a tuple in it,
    subcomponents); a list is repetitions; ``None`` and ``""`` are absent. A segment without any value is empty, and ``compose``
    leaves it out.

    >>> from shared.hl7 import parse
    >>> segment("PID", {"3": [("1", "", "", "NHS", "NH"), ("2",)], "5": "A&B"}, like=parse("MSH|^~\\&|")).line
    'PID|||1^^^NHS^NH~2||A\\T\\B'
    """
    fields = fill_fields([name], values, like.encoding)
    return segment_from_fields(name, fields, like.encoding) if len(fields) > 1 else Segment(name, "", like.encoding)


def replace(original: Segment, values: Mapping[str, Value]) -> Segment:
    """The segment with these fields replaced; every other field stays as sent."""
    fields = fill_fields(list(original.fields), values, original.encoding)
    return segment_from_fields(original.name, fields, original.encoding, original.occurrence)


def fill_fields(fields: list[str], values: Mapping[str, Value], encoding: Encoding) -> list[str]:
    """The fields with these values at their numbers. The delimiters of a header are not escaped."""
    unescaped = 2 if fields[0] in HEADERS else 0
    for number, value in values.items():
        place = NUMBERS[number]
        if type(value) is Raw or (type(value) is str and value.isalnum()):  # most values of most segments: no call
            text: str = value
        else:
            text = (str(value) if place <= unescaped else field_text(value, encoding)) if value else ""
        if place < len(fields):
            fields[place] = text
        elif text:
            fields += [""] * (place - len(fields))
            fields.append(text)
    return fields


def segment_from_fields(name: str, fields: list[str], encoding: Encoding, occurrence: int = 1) -> Segment:
    """A segment from its fields, which are cached, so that the line is not split again."""
    line = encoding.field.join([name, *fields[2:]] if name in HEADERS else fields)
    return Segment(name, line, encoding, occurrence, fields if len(line) < LARGE else None)


def compose(like: Message, segments: Iterable[Segment], charset: str = "") -> Message:
    """A message of these segments with the delimiters of its MSH, in ``charset`` or else the character set of ``like``."""
    given = tuple(segments)
    chosen = [each for each in given if each.line] if LongSegment not in map(type, given) else list(filter(None, given))
    if not chosen or chosen[0].name != "MSH":
        raise ValueError("a message begins with MSH")
    encoding = declared_encoding(chosen[0]["1"], chosen[0]["2"], charset or like.encoding.charset)
    encodings = {id(segment.encoding): segment.encoding for segment in chosen}  # usually one
    if any(each[:5] != encoding[:5] for each in encodings.values()):
        raise ValueError("a segment has delimiters that MSH does not declare")
    message = Message(lines_of(chosen), encoding, like.repairs)
    message.keep(chosen)
    return message


def field_text(value: Value, encoding: Encoding) -> str:
    """A value as the text of a field."""
    if not value:
        return ""
    if isinstance(value, str):
        return _text(value, encoding)
    if isinstance(value, tuple):
        return _components(value, encoding)
    if isinstance(value, Repetition):
        return value.sent
    return encoding.repetition.join([field_text(each, encoding) for each in value]).rstrip(encoding.repetition)


def _components(values: tuple[Component, ...], encoding: Encoding) -> str:
    """The components, joined first and escaped one by one only if one has a delimiter: few do, and this takes half the time."""
    separator = encoding.component
    try:
        joined = separator.join(values)  # type: ignore[arg-type]
    except TypeError:  # subcomponents, or an absent component
        joined = ""
    if not joined or needs_escape(joined, encoding) or joined.count(separator) >= len(values):
        joined = separator.join([_component(each, encoding) if each else "" for each in values])
    return joined.rstrip(separator)


def _component(value: str | Raw | tuple[str, ...] | LongText, encoding: Encoding) -> str:
    if isinstance(value, tuple):
        return encoding.subcomponent.join([_text(each, encoding) for each in value]).rstrip(encoding.subcomponent)
    return _text(str(value) if isinstance(value, LongText) else value, encoding)


def _text(value: str, encoding: Encoding) -> str:
    """The escaped text; ``Raw`` unchanged."""
    return value if value.isalnum() or isinstance(value, Raw) else escape(value, encoding)
