"""Writing: segments from values, messages from segments. What is copied as raw text stays the same bytes."""

from collections.abc import Iterable, Mapping, Sequence

from shared.hl7.encoding import Encoding, declared, escape
from shared.hl7.message import Message
from shared.hl7.segment import HEADERS, Raw, Repetition, Segment

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
    encoding = like.encoding
    written = replace(Segment(name, name, encoding), values)
    line = written.line.rstrip(encoding.field)
    return Segment(name, line if line != name else "", encoding)


def replace(original: Segment, values: Mapping[str, Value]) -> Segment:
    """The segment with these fields changed and every other one as it was sent."""
    encoding = original.encoding
    fields = list(original.fields)
    for number, value in values.items():
        field = int(number)
        text = str(value or "") if field < 3 and original.name in HEADERS else field_text(value, encoding)
        if text or field < len(fields):
            fields += [""] * (field + 1 - len(fields))
            fields[field] = text
    if original.name in HEADERS:
        del fields[1]
    return Segment(original.name, encoding.field.join(fields), encoding, original.occurrence)


def compose(like: Message, segments: Iterable[Segment], charset: str = "") -> Message:
    """A message of these segments, in the character set of another or a given one; the delimiters are those of its own MSH."""
    chosen = [each for each in segments if each]
    if not chosen or chosen[0].name != "MSH":
        raise ValueError("a message begins with MSH")
    encoding = declared(chosen[0]["1"], chosen[0]["2"], charset or like.encoding.charset)
    if any(each.encoding[:5] != encoding[:5] for each in chosen):
        raise ValueError("the segments are written in delimiters that MSH does not declare")
    return Message([each.line for each in chosen], encoding, like.repairs)


def field_text(value: Value, encoding: Encoding) -> str:
    """A value as the text of a field."""
    if isinstance(value, str | tuple | Repetition) or value is None:
        return _repetition(value, encoding)
    return encoding.repetition.join(field_text(each, encoding) for each in value).rstrip(encoding.repetition)


def _repetition(value: str | tuple[Component, ...] | Repetition | None, encoding: Encoding) -> str:
    if isinstance(value, Repetition):
        return value.sent
    if isinstance(value, tuple):
        return encoding.component.join(_component(each, encoding) for each in value).rstrip(encoding.component)
    return _component(value, encoding)


def _component(value: Component, encoding: Encoding) -> str:
    if isinstance(value, tuple):
        return encoding.subcomponent.join(_component(each, encoding) for each in value).rstrip(encoding.subcomponent)
    if not value or isinstance(value, Raw):
        return str(value or "")
    return escape(value, encoding)
