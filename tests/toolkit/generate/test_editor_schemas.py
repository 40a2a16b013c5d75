"""The schemas for an editor accept every file of the tree, and refuse what the code that reads the files refuses."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from relay.settings import BadSettings, settings
from shared.compare.agreed import BrokenAgreement, draft, read
from toolkit.generate import editor_schemas
from toolkit.say import ROOT

SETTINGS = json.loads((ROOT / ".vscode" / "settings.json").read_text("utf-8"))
SNIPPETS = json.loads((ROOT / ".vscode" / "hub.code-snippets").read_text("utf-8"))
ASSOCIATIONS: dict[str, str] = SETTINGS["evenBetterToml.schema.associations"]
AGREED = draft("PID-13", "missing", "").replace('""', '"a text"')
# Settings of packages, whose own tools check them; and the one file of another shape.
OTHER = {"pyproject.toml", "relay/pyproject.toml", "shared/voices/rules/actions.toml"}
FILES = sorted(
    path
    for top in ("shared", "integrations", "toolkit", "relay", "docs")
    for path in (ROOT / top).rglob("*.toml")
    if path.relative_to(ROOT).as_posix() not in OTHER
)


def associated(path: Path) -> str:
    """The schema of a file, by the settings of VS Code."""
    (found,) = [schema for pattern, schema in ASSOCIATIONS.items() if re.fullmatch(pattern, path.as_posix())]
    return Path(found).stem


def wrong(schema: str, content: dict[str, Any]) -> list[str]:
    """What a schema finds; a date is a text there, as an editor's TOML reader has it."""
    as_json = json.loads(json.dumps(content, default=lambda value: value.isoformat() if isinstance(value, date) else value))
    validator = Draft202012Validator(json.loads(editor_schemas.pages()[f"schemas/{schema}.json"]))
    return [error.message for error in validator.iter_errors(as_json)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}_{path.stem}")
def test_each_file_of_the_tree_has_a_schema_and_passes_it(path: Path) -> None:
    assert wrong(associated(path), tomllib.loads(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("name", sorted(editor_schemas.pages()))
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(editor_schemas.pages()[name]))
    assert f"./docs/generated/{name}" in ASSOCIATIONS.values()


def parsed(text: str, tmp_path: Path) -> object:
    (tmp_path / "agreed.toml").write_text(text)
    return read(tmp_path / "agreed.toml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cause", "casue"),
        ('"missing"', '"lost"'),
        ('reason = "a text"\n', ""),
        ('reason = "a text"', 'reason = ""'),
        ("[[agreed]]", "[[agree]]"),
    ],
    ids=["key", "cause", "absent", "empty", "table"],
)
def test_a_mistake_in_an_agreement_is_refused_by_both(old: str, new: str, tmp_path: Path) -> None:
    assert wrong("agreed", tomllib.loads(AGREED)) == []
    assert parsed(AGREED, tmp_path)
    assert wrong("agreed", tomllib.loads(AGREED.replace(old, new))) != []
    with pytest.raises(BrokenAgreement):
        parsed(AGREED.replace(old, new), tmp_path)


RELAY = (ROOT / "relay" / "relay.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port = 2575", 'port = "2575"'),
        ("on_failure =", "on_failed ="),
        ('on_failure = "close"', 'on_failure = "wait"'),
        ('integration = "pims-to-mpi"\n', ""),
        ("patience = 25", 'patience = "long"'),
    ],
    ids=["port", "key", "choice", "absent", "number"],
)
def test_a_mistake_in_the_settings_of_a_relay_is_refused_by_both(old: str, new: str) -> None:
    changed = tomllib.loads(RELAY.replace(old, new, 1))
    assert changed != tomllib.loads(RELAY)
    assert wrong("relay", changed) != []
    with pytest.raises(BadSettings):
        settings(changed)


@pytest.mark.parametrize(
    ("schema", "path", "change"),
    [
        ("hazards", "docs/safety/hazards.toml", lambda found: found["hazard"][0].update(severity="Bad")),
        ("hazards", "docs/safety/hazards.toml", lambda found: found["hazard"][0]["control"][0].update(tests=[])),
        ("survivors", "toolkit/mutation/survivors.toml", lambda found: found["survivor"][0].update(reason="")),
        ("rules", "shared/voices/rules/hub.toml", lambda found: found["again"].pop()),
        ("rules", "shared/voices/rules/hub.toml", lambda found: found["again"].__setitem__(0, "nurse")),
    ],
    ids=["severity", "no test", "no reason", "no Welsh", "who"],
)
def test_a_planted_mistake_is_refused(schema: str, path: str, change: Callable[[Any], object]) -> None:
    content = tomllib.loads((ROOT / path).read_text("utf-8"))
    change(content)
    assert len(wrong(schema, content)) == 1


def filled(snippet: dict[str, Any]) -> str:
    """A snippet as it is inserted: each place with its default, or its first choice."""
    text = "\n".join(snippet["body"])
    defaults = dict(re.findall(r"\$\{(\d+):([^}]*)\}", text))
    text = re.sub(r"\$\{\d+:([^}]*)\}|\$\{\d+\|([^,|]*)[^}]*\}", lambda found: found[1] or found[2], text)
    return re.sub(r"\$(\d+)", lambda found: defaults[found[1]], text)


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_is_valid_as_it_is_inserted(name: str) -> None:
    snippet, text = SNIPPETS[name], filled(SNIPPETS[name])
    assert "$" not in text
    if snippet["scope"] == "toml":
        assert wrong("agreed", tomllib.loads(text)) == []
    else:
        assert ast.parse(text if text[0] != '"' else f"{{{text}}}")
