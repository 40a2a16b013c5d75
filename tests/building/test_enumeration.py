"""Everything that an integration may declare is described in ``docs/building``, with its true default."""

import re
from functools import cache
from typing import NamedTuple

import pytest

from tests.building.declarations import REQUIRED, Declared, Option, everything
from tests.building.pages import FOLDER

EVERYTHING = tuple(everything())
HEADING = re.compile(r"^#{1,6} .*$", re.M)
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|", re.M)


class Section(NamedTuple):
    """The text below the heading that names a class."""

    rows: dict[str, str]
    text: str


@cache
def section(page: str, name: str) -> Section | None:
    """From the heading with the name in backticks to the next heading; ``None`` without one."""
    text = (FOLDER / page).read_text("utf-8") if (FOLDER / page).is_file() else ""
    headings = [*HEADING.finditer(text)]
    for number, heading in enumerate(headings):
        if f"`{name}`" in heading[0]:
            end = headings[number + 1].start() if number + 1 < len(headings) else len(text)
            inside = text[heading.end() : end]
            return Section({row[1]: row[2].strip().strip("`") for row in ROW.finditer(first_table(inside))}, inside)
    return None


def first_table(text: str) -> str:
    """The options; other tables of a section are about something else."""
    start = text.find("\n|")
    return text[start:].partition("\n\n")[0] + "\n" if start >= 0 else ""


def missing(declared: Declared, found: Section | None) -> list[str]:
    """What to write, one line for each thing that the page does not say or says wrongly."""
    where = f"docs/building/{declared.page}"
    if found is None:
        return [f"{where}: write a section with `{declared.name}` in its heading, and an example"]
    return [line for option in declared.options if (line := missing_row(where, declared.name, option, found.rows))]


def missing_row(where: str, name: str, option: Option, rows: dict[str, str]) -> str:
    default = option.default or "..."
    row = f"| `{option.name}` | {default if default == REQUIRED else f'`{default}`'} | what it means |"
    if option.name not in rows:
        return f"{where}: write a row in the table of `{name}`: {row}"
    if option.default is not None and rows[option.name] != default:
        return f"{where}: the default of `{option.name}` of `{name}` is {default}: {row}"
    return ""


@pytest.mark.parametrize("declared", EVERYTHING, ids=lambda each: each.name)
def test_it_is_described(declared: Declared) -> None:
    assert missing(declared, section(declared.page, declared.name)) == []


@pytest.mark.parametrize("declared", EVERYTHING, ids=lambda each: each.name)
def test_no_row_is_about_an_option_that_is_gone(declared: Declared) -> None:
    found = section(declared.page, declared.name)
    assert set(found.rows if found else ()) - {option.name for option in declared.options} == set()


def test_the_kinds_are_found() -> None:
    names = {each.name for each in EVERYTHING}
    assert {"Hl7", "Csv", "Soap", "Either", "Hl7Profile", "FhirProfile", "EventGrid", "Mllp", "Memory", "Operation"} <= names


def test_a_new_option_is_red_and_says_what_to_write() -> None:
    declared = Declared("sources.md", "Fax", (Option("number", REQUIRED), Option("speed", "9600")))
    assert missing(declared, None) == ["docs/building/sources.md: write a section with `Fax` in its heading, and an example"]
    found = Section({"speed": "4800"}, "")
    assert missing(declared, found) == [
        "docs/building/sources.md: write a row in the table of `Fax`: | `number` | required | what it means |",
        "docs/building/sources.md: the default of `speed` of `Fax` is 9600: | `speed` | `9600` | what it means |",
    ]
