"""HL7 v2: a lazy reader, a writer that copies raw text unchanged, and the syntax of paths."""

from shared.hl7.compose import compose, replace, segment
from shared.hl7.message import Message
from shared.hl7.reader import ParseError, header, parse
from shared.hl7.repetition import Raw, Repetition
from shared.hl7.segment import Segment
from shared.hl7.syntax.path import Path

__all__ = ["Message", "ParseError", "Path", "Raw", "Repetition", "Segment", "compose", "header", "parse", "replace", "segment"]
