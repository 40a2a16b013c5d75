"""The texts of every rule, read from the data files when they are first needed."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from shared.voices.language import Language

FOLDER = Path(__file__).parent / "rules"
FAMILY = "*"  # at the end of a name: all rules that begin with it
ACTIONS = "actions.toml"


class Text(NamedTuple):
    """A rule in two languages. ``action``: who can act on it (``actions.toml``)."""

    action: str
    wrong: dict[Language, str]
    expected: dict[Language, str]


@cache
def rules() -> dict[str, Text]:
    """Every rule, or family of rules, with its texts. Raises ``ValueError``: a rule is in two files."""
    found: dict[str, Text] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        if path.name == ACTIONS:
            continue
        for rule, (action, wrong, expected, wrong_cy, expected_cy) in _read(path).items():
            if rule in found:
                raise ValueError(f"{rule} is in two files of texts")
            found[rule] = Text(action, {"en": wrong, "cy": wrong_cy}, {"en": expected, "cy": expected_cy})
    return found


@cache
def actions() -> dict[str, dict[Language, str]]:
    """What to do, by action, or by action and severity."""
    return {name: {"en": english, "cy": welsh} for name, (english, welsh) in _read(FOLDER / ACTIONS).items()}


def text_of(rule: str) -> Text | None:
    """The texts of a rule: its own, otherwise those of the longest family that it belongs to."""
    known = rules()
    if found := known.get(rule):
        return found
    families = [name for name in known if name.endswith(FAMILY) and rule.startswith(name.removesuffix(FAMILY))]
    return known[max(families, key=len)] if families else None


def _read(path: Path) -> dict[str, list[str]]:
    import tomllib  # only for a caller who accepts Welsh

    return tomllib.loads(path.read_text("utf-8"))
