"""The structures of the common message types: a table of what is accepted and refused, and each against the standard itself.

The standard is the one of the package hl7apy, for each version from 2.3 to 2.5.1. Both are automata: every message that the
standard allows must be allowed here, except for what is declared below.
"""

import csv
from collections import Counter, deque
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.hl7 import parse
from shared.hl7.structure import DEFAULT_STRUCTURE
from shared.validation.grammar import START, Grammar, State, compile_grammar, required
from shared.validation.standard import VERSIONS
from shared.validation.standard_structures import STRUCTURES, TEXTS, structures_of

TWO_PATIENTS = {"ADT_A17", "ADT_A24", "ADT_A37"}
# An element of the standard -> how often it may be there, where we accept less. (0, 0): never.
NARROWED = {
    "ADT_A18": {"MRG": (1, 1)},
    "ORU_R01": {"ORU_R01_RESPONSE": (1, 1), "ORU_R01_PATIENT_RESULT": (1, 1)},
    "SIU_S12": {"SIU_S12_PATIENT": (0, 1)},
    "VXU_V04": {"VXU_V04_ORDER": (1, -1)},
    "OML_O21": {"OML_O21_PRIOR_RESULT": (0, 0)},
    "OMG_O19": {"OMG_O19_PRIOR_RESULT": (0, 0)},
}
# A segment that a version requires and that is optional here, because another version does not have it.
NOT_REQUIRED = {"RDE_O11": {"TQ1"}}


@cache
def standard(name: str, version: str) -> Grammar | None:
    """The structure of a version; ``None`` if the version does not have it."""
    messages = import_module(f"hl7apy.v{version.replace('.', '_')}.messages").MESSAGES
    return compile_grammar(_text(messages[name], NARROWED.get(name, {}))) if name in messages else None


def _text(structure: Any, narrowed: dict[str, tuple[int, int]]) -> str:
    between = " | " if structure[0] == "choice" else " "
    inner = between.join(filter(None, (_part(each, narrowed) for each in structure[1])))
    return f"<{inner}>" if structure[0] == "choice" else inner


def _part(element: Any, narrowed: dict[str, tuple[int, int]]) -> str:
    name, content, sent, kind = element
    fewest, most = narrowed.get(name, sent)
    if most == 0:
        return ""
    inner = name if kind == "SEG" else _text(content, narrowed)
    inner = inner if most == 1 else f"{{{inner}}}"
    return inner if fewest else f"[{inner}]"


def not_allowed(theirs: Grammar, ours: Grammar) -> list[str] | None:
    """The shortest message that ``theirs`` allows and ``ours`` does not; ``None`` if there is none."""
    start = (theirs.state(frozenset((START,))), ours.state(frozenset((START,))))
    waiting: deque[tuple[State, State, list[str]]] = deque([(*start, [])])
    seen = {(id(start[0]), id(start[1]))}
    while waiting:
        one, other, names = waiting.popleft()
        if one.may_end and not other.may_end:
            return names
        for name in sorted({theirs.names[place] for at in one.places for place in theirs.follow[at]}):
            pair = (one[name], other[name])
            if (id(pair[0]), id(pair[1])) not in seen:
                seen.add((id(pair[0]), id(pair[1])))
                waiting.append((*pair, [*names, name]))
    return None


HELD = [(name, version) for name in TEXTS for version in VERSIONS if standard(name, version)]


@pytest.mark.parametrize(("name", "version"), HELD)
def test_what_a_version_of_the_standard_allows_is_accepted(name: str, version: str) -> None:
    theirs = standard(name, version)
    assert theirs
    assert not_allowed(theirs, STRUCTURES[name].grammar) is None


@pytest.mark.parametrize("name", TEXTS)
def test_a_segment_that_every_version_requires_is_required(name: str) -> None:
    theirs = [set(required(found)) for version in VERSIONS if (found := standard(name, version))]
    assert set(required(STRUCTURES[name].grammar)) >= set.intersection(*theirs) - NOT_REQUIRED.get(name, set())


def test_the_comparison_finds_a_structure_that_accepts_less() -> None:
    theirs = standard("ADT_A39", "2.5.1")
    assert theirs
    assert not_allowed(theirs, compile_grammar("MSH EVN {PID [PD1] MRG [PV1]}")) == ["MSH", "SFT", "EVN", "PID", "MRG"]


def test_every_known_event_has_a_structure() -> None:
    assert set(DEFAULT_STRUCTURE.values()) - TWO_PATIENTS == set(TEXTS)
    assert set(structures_of(("ADT^A55", "RDE^O25"))) == {"ADT_A52", "ADT_A54", "RDE_O11"}
    with pytest.raises(KeyError):
        structures_of(("ADT^A17",))


def found(name: str, names: str) -> list[str]:
    body = "\r".join(f"{each}|^~\\&|" if each == "MSH" else f"{each}|1" for each in names.split())
    return [f"{issue.rule} {issue.where}" for issue in STRUCTURES[name].check(parse(body))]


# standard_structures.csv: a structure, the segments of a message, and the rule and place of the finding; none if it is accepted.
TABLE = list(csv.DictReader(Path(__file__).with_name("standard_structures.csv").open(encoding="utf-8")))


def test_the_table_has_an_accepted_order_and_several_refused_ones_for_every_structure() -> None:
    counted = Counter((row["structure"], row["finding"] == "") for row in TABLE)
    assert all(counted[name, True] >= 1 and counted[name, False] >= 2 for name in TEXTS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['structure']} {row['segments']}")
def test_a_structure_accepts_its_order_and_refuses_others(row: dict[str, str]) -> None:
    findings = found(row["structure"], row["segments"])
    assert row["finding"] in findings if row["finding"] else findings == []
