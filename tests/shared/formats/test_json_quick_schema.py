"""The quick test of a JSON Schema never passes what jsonschema finds an error in, and passes what senders send."""

import random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from integrations import CATALOGUE, load
from shared.formats.json.quick_schema import quick_test
from shared.formats.json.schema import FORMATS, SchemaProfile, _formats, _schema, _validator
from shared.integration import Integration
from toolkit.samples import accepted

ODD = ("", " ", "x" * 300, "2026-02-30", "9" * 10, True, False, 0, 1, 1.0, -5, 1e300, None, [], {}, [1], ["x", {}], {"x": "y"})
# A schema, what it allows with certainty, what only jsonschema decides
SCHEMAS: tuple[tuple[dict[str, Any], tuple[Any, ...], tuple[Any, ...]], ...] = (
    ({"type": "integer"}, (1, -5), (1.0, True, "1", None)),
    ({"type": "number", "minimum": 0, "exclusiveMaximum": 2}, (0, 1.5), (-1, 2, True)),
    ({"type": ["string", "null"]}, (), ("x", None)),
    ({"enum": ["a", 1]}, ("a",), (1, True, "b")),
    ({"const": "a"}, ("a",), ("b", ["a"])),
    ({"const": 1}, (), (1, True)),
    ({"maxLength": 2, "pattern": "b"}, ("ab", 5), ("a", "abc")),
    ({"minItems": 1, "maxItems": 2, "items": {"type": "string"}}, (["a"], "x"), ([], ["a", 1], ["a"] * 3)),
    ({"required": ["a"], "properties": {"a": {"type": "boolean"}}}, ({"a": True, "b": 1}, 4), ({}, {"a": 1})),
    ({"properties": {"a": {}}, "additionalProperties": False}, ({}, {"a": 1}), ({"b": 1},)),
    ({"properties": {"a": {}}, "additionalProperties": {"type": "string"}}, (), ({}, {"b": "x"})),
    ({"additionalProperties": False}, ({}, "x"), ({"a": 1},)),
    ({"format": "date"}, ("2026-02-28", 5), ("2026-02-30", "20260228", "2026-02-28\n")),
    ({"format": "date-time"}, ("2026-02-28T10:00:00Z",), ("2026-02-28", "2026-02-30T10:00:00Z")),
    ({"format": "uri"}, ("urn:x",), ("x y",)),
    ({"format": "email"}, (), ("a@b.example",)),
    ({"allOf": [{"type": "string"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"minLength": 2}}}, ("ab",), ("a", 1)),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}, (), ([[]],)),
    ({"$ref": "#/$defs/missing"}, (), ()),
    ({"oneOf": [{"type": "string"}]}, (), ("x",)),
    ({"properties": {"a": True}}, (), ({},)),
    ({"type": "object", "propertyNames": {"maxLength": 1}}, (), ({},)),
)


@pytest.mark.parametrize(("schema", "certain", "others"), SCHEMAS, ids=[str(n) for n in range(len(SCHEMAS))])
def test_each_keyword(schema: dict[str, Any], certain: tuple[Any, ...], others: tuple[Any, ...]) -> None:
    is_valid, validator = quick_test(schema, FORMATS), Draft202012Validator(schema, format_checker=_formats())
    assert all(map(is_valid, certain))
    assert not any(map(is_valid, others))
    assert all(validator.is_valid(each) for each in certain)


def with_schemas() -> list[tuple[Integration, SchemaProfile]]:
    loaded = [(each := load(name), getattr(each.profile, "json", each.profile)) for name in CATALOGUE]
    return [(each, profile) for each, profile in loaded if isinstance(profile, SchemaProfile)]


def documents(integration: Integration) -> list[dict[str, Any]]:
    found = [each.body for each in accepted(integration) if each.body.lstrip().startswith(b"{")]
    return [orjson.loads(each) for each in found]


def changed(document: Any, rng: random.Random) -> Any:
    """The document with one value dropped, replaced or added, wherever it is."""
    copy = orjson.loads(orjson.dumps(document))
    places = [(copy, name) for name in copy]
    for holder, name in places:
        inner = holder[name]
        places += [(inner, each) for each in inner] if isinstance(inner, dict) else []
        places += [(inner, n) for n in range(len(inner))] if isinstance(inner, list) else []
    holder, name = rng.choice(places)
    what = rng.randrange(3)
    if what == 0:
        del holder[name]
    elif what == 1 and isinstance(holder, dict):
        holder["extra"] = rng.choice(ODD)
    else:
        holder[name] = rng.choice(ODD)
    return copy


def test_there_are_integrations_with_a_schema() -> None:
    assert len(with_schemas()) >= 2


@pytest.mark.parametrize("found", with_schemas(), ids=lambda found: found[0].name)
def test_what_senders_send_is_certainly_valid(found: tuple[Integration, SchemaProfile]) -> None:
    _, _, is_valid = _schema(found[1].path)
    sent = documents(found[0])
    assert sent
    assert all(map(is_valid, sent))


@pytest.mark.parametrize("found", with_schemas(), ids=lambda found: found[0].name)
def test_a_changed_document_is_certainly_valid_only_if_jsonschema_finds_nothing(
    found: tuple[Integration, SchemaProfile],
) -> None:
    validator, (_, _, is_valid) = _validator(found[1].path), _schema(found[1].path)
    rng = random.Random(27)
    tried = [changed(each, rng) for each in documents(found[0]) for _ in range(40)]
    verdicts = [(is_valid(each), validator.is_valid(each)) for each in tried]
    assert (True, False) not in verdicts
    assert (False, False) in verdicts
    assert (True, True) in verdicts


NAMES, FEW = st.sampled_from(("a", "b", "")), st.integers(0, 2)
NUMBERS = st.one_of(st.integers(-2, 2), st.sampled_from((-0.0, 0.5, 1.0, 2**53 + 1, float(2**53), -(2**64), 1e308, 10**400)))
TEXTS = st.sampled_from(("", "a", "ab\n", "aaa", "\U0001f600", "2026-02-28", "2026-02-30", "\uff12026-02-28", "urn:x"))
DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
KINDS = st.sampled_from(("object", "array", "string", "number", "integer", "boolean", "null", ["string", "null"]))
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "type": KINDS,
    "enum": st.lists(DOCUMENTS, min_size=1, max_size=3),
    "const": DOCUMENTS,
    "required": st.lists(NAMES, unique=True, max_size=2),
    "pattern": st.sampled_from(("a", "^a$", "^$")),
    "format": st.sampled_from(("date", "date-time", "uri", "email", "unknown")),
    "$ref": st.sampled_from(("#/$defs/a", "#/$defs/b", "#")),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), FEW),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBERS),
}


def holders(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas of objects and arrays, also with keywords that only jsonschema decides."""
    one, each = st.lists(inner, min_size=1, max_size=2), st.dictionaries(NAMES, inner, max_size=3)
    others = {"items": inner, "prefixItems": one, "allOf": one, "anyOf": one, "not": inner, "patternProperties": each}
    objects = {"properties": each, "additionalProperties": st.one_of(st.just(False), inner), "required": PLAIN["required"]}
    return st.fixed_dictionaries({}, optional={**objects, **others, "type": KINDS, "$ref": PLAIN["$ref"]})


SCHEMA = st.recursive(st.one_of(st.fixed_dictionaries({}, optional=PLAIN), st.booleans()), holders, max_leaves=4)


@settings(max_examples=100, derandomize=True)
@given(
    st.fixed_dictionaries(
        {"allOf": st.lists(SCHEMA, min_size=1, max_size=2), "$defs": st.dictionaries(NAMES, SCHEMA, max_size=2)}
    ),
    st.lists(DOCUMENTS, min_size=1, max_size=6),
)
def test_no_schema_passes_a_document_in_which_jsonschema_finds_an_error(schema: dict[str, Any], tried: list[Any]) -> None:
    is_valid, validator = quick_test(schema, FORMATS), Draft202012Validator(schema, format_checker=_formats())
    assert all(validator.is_valid(each) for each in tried if is_valid(each))
