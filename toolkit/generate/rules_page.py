"""The page of rules: every rule in plain English and Welsh, from the table that the product answers with."""

from itertools import groupby

from shared.voices.language import Language
from shared.voices.plain import LABELS, UNKNOWN
from shared.voices.texts import FAMILY, actions, rules, text_of
from toolkit.generate import rule_ids

INTRODUCTION = """\
Every rule that the hub can name in an acknowledgement, in plain English and Welsh: what is wrong and what is expected. The place
is in the acknowledgement itself (ERR-2, `expression`). No text has a value from a message.

- **HL7 v2**: an ERR segment for each finding, with the rule in ERR-5 and a short English text in ERR-8.
- **OperationOutcome**: the rule in `details.coding`. A caller whose `Accept-Language` names Welsh (`cy`) gets these texts in
  `details.text`, in the preferred language, with the other one in the extension
  `http://hl7.org/fhir/StructureDefinition/translation`. Other callers get the short English text.
- **Command line**: `./hub check NAME FILE --lang cy`.

**To be confirmed**: the Welsh texts were written by engineers. A Welsh speaker of the integration team must confirm them.
The texts are in `shared/voices/rules/`.
"""
LANGUAGES: tuple[Language, ...] = ("en", "cy")


def page(stale: str) -> str:
    """The whole page; ``stale`` is the remark that it is generated."""
    to_do = [f"| `{name}` | {both['en']} | {both['cy']} |" for name, both in actions().items()]
    what = "\n".join(["| Who acts | English | Cymraeg |", "|---|---|---|", *to_do])
    parts = ["# Rules in English and Welsh", stale, INTRODUCTION, "## What to do", what, "## Rules", _rules()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _rules() -> str:
    """A line for each rule, and one for each family with the rules that have its texts."""
    named = sorted(rule_ids.every(), key=lambda rule: (_family(rule) or rule, rule))
    rows = [
        line for family, group in groupby(named, key=lambda rule: _family(rule) or rule) for line in [_row(family, list(group))]
    ]
    return "\n".join(["| Rule | Who acts | English | Cymraeg |", "|---|---|---|---|", *rows])


def _family(rule: str) -> str:
    """The family whose texts a rule has; ``""`` if it has its own."""
    if rule in rules():
        return ""
    return max((name for name in rules() if name.endswith(FAMILY) and rule.startswith(name[:-1])), key=len, default="")


def _row(name: str, members: list[str]) -> str:
    text = text_of(members[0]) or text_of(UNKNOWN)
    assert text
    shown = ", ".join(f"`{member}`" for member in members)
    both = " | ".join(f"{text.wrong[each]} *{LABELS[each][0]}:* {text.expected[each]}" for each in LANGUAGES)
    return f"| {shown} | `{text.action}` | {both} |".replace("^~\\&", "`^~\\&`")
