"""JSON Schemas of the TOML files that a developer edits, made from the code that reads them, for completion in an editor.

``docs/generated/schemas`` has them; ``.vscode/settings.json`` says which file has which.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from relay.settings import Endpoint, Health, Listener, SignIn
from shared.compare.agreed import KNOWN, REQUIRED
from shared.compare.differences import CAUSES
from shared.voices.texts import actions
from toolkit.generate.hazards import LIKELIHOODS, SEVERITIES

Schema = dict[str, Any]
PARTS = ("what is wrong", "what is expected", "what is wrong, in Welsh", "what is expected, in Welsh")
TEXT: Schema = {"type": "string", "minLength": 1}
TYPES: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    "peers": {"type": "array", "items": TEXT},
    "on_failure": {"enum": ["close", "ae"]},
}


def pages() -> dict[str, str]:
    """Each schema by its path under docs/generated."""
    made = {"agreed": agreed(), "hazards": hazards(), "survivors": survivors(), "relay": relay(), "rules": rules()}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {f"schemas/{name}.json": json.dumps({**head, **each}, indent=2) + "\n" for name, each in made.items()}


def agreed() -> Schema:
    """``agreed.toml``: differences that someone has agreed to (``shared.compare.agreed``)."""
    causes = {"oneOf": [{"const": cause, "description": text} for cause, text in CAUSES.items()]}
    own: dict[str, Schema] = {
        "path": {"type": "string", "description": "the path, and everything under it: PID-13 covers PID-13.3"},
        "cause": causes,
        "rule": {"type": "string", "description": "of a refused message: the id of the rule; left out, any rule"},
        "decided_on": {"type": "string", "format": "date"},
    }
    return _list_of("agreed", {name: own.get(name, TEXT) for name in sorted(KNOWN)}, REQUIRED)


def hazards() -> Schema:
    """``docs/safety/hazards.toml`` (``toolkit.generate.hazards``)."""
    control = _table({"text": TEXT, "tests": {"type": "array", "items": TEXT, "minItems": 1}}, ("text", "tests"))
    levels = {"severity": SEVERITIES, "before": LIKELIHOODS, "after": LIKELIHOODS}
    named: dict[str, Schema] = {name: {"enum": list(each)} for name, each in levels.items()}
    texts = dict.fromkeys(("id", "name", "cause", "effect"), TEXT)
    one = {**texts, **named, "control": {"type": "array", "items": control, "minItems": 1}}
    return _list_of("hazard", one, tuple(one))


def survivors() -> Schema:
    """``toolkit/mutation/survivors.toml`` (``toolkit.mutation.baseline``)."""
    names = ("file", "function", "before", "after", "reason")
    own: dict[str, Schema] = {name: TEXT if name in ("file", "reason") else {"type": "string"} for name in names}
    return _list_of("survivor", own, names)


def relay() -> Schema:
    """The settings of a relay (``relay.settings``)."""
    sign_in, hub = _of_class(SignIn), _of_class(Endpoint, without=("sign_in",))
    listener = _of_class(Listener, without=("endpoint",), more={"integration": TEXT, "sign_in": sign_in})
    listed = {"type": "array", "items": {**listener, "required": ["integration"]}, "minItems": 1}
    return _table({"hub": hub, "sign_in": sign_in, "health": _of_class(Health), "listener": listed}, ("hub", "listener"))


def rules() -> Schema:
    """``shared/voices/rules``: for each rule who acts, what is wrong and what is expected, in English and Welsh."""
    who = sorted({name.partition("-")[0] for name in actions()})
    return {
        "type": "object",
        "additionalProperties": {
            "type": "array",
            "prefixItems": [{"enum": who}, *({**TEXT, "description": each} for each in PARTS)],
            "minItems": 5,
            "maxItems": 5,
        },
    }


def _list_of(name: str, own: Mapping[str, Schema], required: tuple[str, ...]) -> Schema:
    """A file of entries of one kind."""
    return _table({name: {"type": "array", "items": _table(own, required)}}, ())


def _table(own: Mapping[str, Schema], required: tuple[str, ...]) -> Schema:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": dict(own)}


def _of_class(kind: Any, without: tuple[str, ...] = (), more: Mapping[str, Schema] = {}) -> Schema:
    """The fields of a settings class, with their types and defaults."""
    own = {each.name: _of_field(each) for each in fields(kind) if each.name not in without}
    required = [
        each.name for each in fields(kind) if each.name in own and each.default is MISSING and each.default_factory is MISSING
    ]
    return _table({**own, **more}, tuple(required))


def _of_field(field: Any) -> Schema:
    kind = TYPES.get(field.name) or TYPES[field.type]
    return kind if field.default in (MISSING, "", ()) else {**kind, "default": field.default}
