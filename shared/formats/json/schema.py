"""JSON Schema as a profile: every error at once, by JSON Pointer, never with the value."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from shared import bounds
from shared.characters import CONTROLS, DOCUMENT, has_control
from shared.formats.json.quick_schema import IsValid, quick_test
from shared.issue import Issue
from shared.validation.policy import Listed, Policy, apply_policy, destination, rule_functions

Document = dict[str, Any]
Rule = Callable[[Document], Iterator[Issue]]
CONTRACT = destination(
    "the schema is the contract with the sender, and the mapping relies on it", "a required property is absent"
)
# JSON Schema keyword -> FHIR issue type, and our own words, which never repeat a value
KEYWORDS: Mapping[str, tuple[str, str]] = {
    "required": ("required", "a required property is missing"),
    "type": ("structure", "the type is wrong"),
    "enum": ("code-invalid", "not one of the codes allowed"),
    "const": ("value", "not the value expected"),
    "format": ("value", "not of the format expected"),
    "pattern": ("value", "not of the pattern expected"),
    "additionalProperties": ("structure", "a property that is not known"),
    "minLength": ("value", "too short"),
    "maxLength": ("too-long", "too long"),
}
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
UNKNOWN = "(unknown)"
SHOWN = ("type", "enum", "format", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SchemaProfile:
    """A JSON Schema (2020-12) in a file, and rules that a schema cannot express, each named by its function."""

    name: str
    path: Path
    rules: tuple[Rule, ...] = field(default=())
    policies: Mapping[str, Policy] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()

    def check(self, content: Document) -> list[Issue]:
        """Every finding of the schema; the rules run only if there is none."""
        _, names, is_valid = _schema(self.path)
        errors = () if is_valid(content) else islice(_validator(self.path).iter_errors(content), bounds.FINDINGS + 1)
        schema = (_issue(error, names) for error in errors)
        found = sorted({*schema, *(controls(content, names) if some_text_has_control(content) else ())}, key=_order)
        return found or [self._named(rule, issue) for rule in self.rules for issue in rule(content)]

    def listed(self) -> Iterator[Listed]:
        """The schema as one rule, then each rule that is a function, for the interface sheet."""
        yield Listed(rule="schema-…", text="the document is valid by the JSON Schema", policy=CONTRACT, severity="error")
        yield Listed(
            rule="control-character",
            text="no text has a control character but tab and line ends",
            policy=CONTRACT,
            severity="error",
        )
        yield from rule_functions(self.rules, self.policies, self.refuses)

    def described(self, link: Callable[[Path], str]) -> list[str]:
        """The schema, for the interface sheet; ``link`` makes the address of a file."""
        return [f"JSON Schema: [{self.path.name}]({link(self.path)})"]

    def _named(self, rule: Rule, issue: Issue) -> Issue:
        named = issue._replace(rule=rule.__name__.replace("_", "-"))
        return apply_policy(named, self.policies, self.refuses)


def _issue(error: Any, names: frozenset[str]) -> Issue:
    """A finding of the schema. The name of a property that the schema does not know is the sender's text, so it is masked."""
    keyword = str(error.validator)
    code, text = KEYWORDS.get(keyword, ("invariant", "a rule of the schema is broken"))
    where = _masked(error.absolute_path, names)
    if keyword == "required":
        where += "/" + _escaped(_missing(error))
    expected = f": {orjson.dumps(error.validator_value).decode()}" if keyword in SHOWN else ""
    return Issue(
        severity="error",
        code=code,
        where=where,
        text=text + expected,
        rule=f"schema-{keyword}",
        clause=pointer(error.absolute_schema_path),
    )


def _masked(parts: Iterable[str | int], names: frozenset[str]) -> str:
    return pointer([part if isinstance(part, int) or part in names else UNKNOWN for part in parts])


def some_text_has_control(document: Any) -> bool:
    """Whether some text has a control character, wherever it is. Nearly no document has, and paths are what costs."""
    todo = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            if (len(value) in DOCUMENT or not value.isprintable()) and has_control(value):
                return True
        elif isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, list):
            todo += value
    return False


def controls(value: Any, names: frozenset[str], parts: tuple[str | int, ...] = ()) -> Iterator[Issue]:
    """An error for each text with a control character, which no destination accepts; tabs and line ends are allowed.

    Source: FHIR R4 2.24.0.1 (string): no characters below 32 except tab, line feed and carriage return.
    """
    if isinstance(value, str):
        if CONTROLS.search(value):
            where = _masked(parts, names)
            yield Issue(
                severity="error",
                code="value",
                where=where,
                text="a control character",
                rule="control-character",
                clause="FHIR R4 2.24.0.1",
            )
    elif isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from controls(inner, names, (*parts, key))


def pointer(parts: Sequence[str | int]) -> str:
    """A JSON Pointer.

    Source: RFC 6901.

    >>> pointer(["doses", 0, "a/b"])
    '/doses/0/a~1b'
    """
    return "".join(f"/{_escaped(str(part))}" for part in parts)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _missing(error: Any) -> str:
    """The required property that this error is about. It is one that the schema names, never one of the document."""
    return next((name for name in error.validator_value if error.message.startswith(repr(name))), "")


@cache
def _schema(path: Path) -> tuple[Document, frozenset[str], IsValid]:
    """A schema, the properties that it names, and its quick test."""
    schema = orjson.loads(path.read_bytes())
    return schema, frozenset(_named(schema)), quick_test(schema, FORMATS)


@cache
def _validator(path: Path) -> Any:
    """The validator of a schema: for the first document that is not certainly valid. A test holds that each schema is valid."""
    from jsonschema import Draft202012Validator

    schema = _schema(path)[0]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=_formats())


def _named(schema: Any) -> Iterator[str]:
    """The keys of every ``properties`` in a schema."""
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _named(inner)
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield from schema["properties"]


def _formats() -> Any:
    """Formats by RFC 3339 and 3986; the library checks some of them only with packages that the hub does not include."""
    from jsonschema import FormatChecker

    checker = FormatChecker(("email", "uuid"))
    for name, is_one in FORMATS.items():
        checker.checks(name)(is_one)
    return checker


def is_date(value: Any) -> bool:
    """Whether a text is an RFC 3339 full-date. Another keyword checks what is not a text.

    >>> is_date("2026-03-02"), is_date("2026-02-30"), is_date("20260302")
    (True, False, False)
    """
    return _is_in_calendar(value, DATE, date.fromisoformat)


def is_uri(value: Any) -> bool:
    """Whether a text is an RFC 3986 URI with its scheme. Another keyword checks what is not a text."""
    return not isinstance(value, str) or URI.fullmatch(value) is not None


def is_date_time(value: Any) -> bool:
    """Whether a text is an RFC 3339 date-time with its offset. Another keyword checks what is not a text.

    >>> is_date_time("2026-03-02T10:15:00Z"), is_date_time("2026-02-30T10:15:00Z"), is_date_time("2026-03-02T10:15:00")
    (True, False, False)
    """
    return _is_in_calendar(value, DATE_TIME, datetime.fromisoformat)


def _is_in_calendar(value: Any, form: re.Pattern[str], read: Callable[[str], date]) -> bool:
    """Whether a text has the form, and there is such a day and time."""
    if not isinstance(value, str):
        return True
    try:
        return form.fullmatch(value) is not None and read(value) is not None
    except ValueError:
        return False


FORMATS: Mapping[str, IsValid] = {"date": is_date, "date-time": is_date_time, "uri": is_uri}


def _order(issue: Issue) -> tuple[str, ...]:
    return issue.severity, issue.code, issue.where, issue.text, issue.rule
