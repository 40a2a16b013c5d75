"""HL7 v2: a lazy reader, a faithful writer, and the one spelling of a path."""

from shared.hl7.compose import compose, replace, segment
from shared.hl7.message import Message
from shared.hl7.path import Path
from shared.hl7.reader import ParseError, header, parse
from shared.hl7.segment import Raw, Repetition, Segment

__all__ = ["Message", "ParseError", "Path", "Raw", "Repetition", "Segment", "compose", "header", "parse", "replace", "segment"]
