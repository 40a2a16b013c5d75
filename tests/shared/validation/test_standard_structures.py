"""Each structure against the standard as the package hl7apy has it: every element once, twice, and left out.

A probe is the shortest message with one element more: with an optional segment or group, or with one twice. Ours takes it where
the standard does; each difference is declared, with its reason.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import pytest

from integrations.lims_results_to_cdr.standard.header import ORDER
from integrations.pas_adt_to_cdr import rules as pas
from shared.hl7 import parse
from shared.validation import Structure, structures

NEEDED = ("VXU_V04_ORDER",)  # optional in the standard; ours wants one


class Probe(NamedTuple):
    """An element by its path, how often it is there, and the names of the whole message."""

    path: str
    times: int
    names: tuple[str, ...]


def least(elements: Any) -> list[str]:
    """The shortest sequence of segments."""
    return [name for each in elements if each[2][0] or each[0] in NEEDED for name in once(each)]


def once(element: Any) -> list[str]:
    return [element[0]] if element[3] == "SEG" else least(element[1][1])


def probes(elements: Any, before: list[str], after: list[str], path: str = "") -> Iterator[Probe]:
    for place, each in enumerate(elements):
        around = before + least(elements[:place]), least(elements[place + 1 :]) + after
        where = f"{path}{each[0].rpartition('_')[2]}"
        yield from (Probe(where, times, (*around[0], *once(each) * times, *around[1])) for times in (0, 1, 2))
        if each[3] == "GRP":
            yield from probes(each[1][1], *around, f"{where}.")


def pattern(elements: Any) -> str:
    """The standard's own structure as a regular expression over names, each followed by a blank."""
    return "".join(f"(?:{_of(each)}){_times(*each[2])}" for each in elements)


def _of(element: Any) -> str:
    return f"{element[0]} " if element[3] == "SEG" else pattern(element[1][1])


def _times(fewest: int, most: int) -> str:
    return f"{{{fewest},{'' if most == -1 else most}}}"


def elements_of(version: str, name: str) -> Any:
    return import_module(f"hl7apy.v{version.replace('.', '_')}.messages").MESSAGES[name][1]


def is_taken(structure: Structure, names: tuple[str, ...]) -> bool:
    lines = [f"{name}|^~\\&|" if name == "MSH" else f"{name}|1" for name in names]
    return not structure.check(parse("\r".join(lines)))


OURS: dict[str, tuple[Structure, str, str]] = {
    "ADT_A05": (structures.ADT_A05, "2.5", "ADT_A05"),
    "ADT_A05_VISIT_OPTIONAL": (structures.ADT_A05_VISIT_OPTIONAL, "2.5", "ADT_A05"),
    "ADT_A05_NK1_AFTER_PV1": (structures.ADT_A05_NK1_AFTER_PV1, "2.4", "ADT_A05"),
    "ADT_A01": (structures.ADT_A01, "2.3.1", "ADT_A01"),
    "ADT_A02": (structures.ADT_A02, "2.5", "ADT_A02"),
    "ADT_A39": (structures.ADT_A39, "2.5", "ADT_A39"),
    "ADT_A39_NK1": (structures.ADT_A39_NK1, "2.4", "ADT_A39"),
    "REF_I12": (structures.REF_I12, "2.5.1", "REF_I12"),
    "MDM_T02": (structures.MDM_T02, "2.5.1", "MDM_T02"),
    "VXU_V04": (structures.VXU_V04, "2.5.1", "VXU_V04"),
    "lims ORU_R01": (ORDER, "2.5.1", "ORU_R01"),
    **{f"pas {name}": (one, "2.5.1", name) for name, one in pas.STRUCTURES.items()},
}


DECLARED: dict[str, set[str]] = {
    "ADT_A05_VISIT_OPTIONAL": {"PV1 0"},  # WDS sends people without a visit
    "pas ADT_A05": {"PV1 0"},  # so does the PAS
    "pas ADT_A12": {"DG1 2"},  # v2.4 has ADT_A09 for a cancelled transfer, in which diagnoses repeat
    "pas ADT_A39": {"PATIENT 2"},  # one merge in a message
    "ADT_A39": {"SFT 1", "SFT 2"},  # no feed's specification has SFT in a merge
    "VXU_V04": {"ORDER 0"},  # no vaccination: nothing to record
    # The national standard for results has its groups in other multiplicities; its own clauses refuse two patients.
    "lims ORU_R01": {
        "RESULT 0",
        "RESULT.PATIENT 2",
        "RESULT.PATIENT.PID 2",
        "RESULT.OBSERVATION 0",
        "RESULT.OBSERVATION.OBR 0",
    },
}


def differences(which: str) -> set[str]:
    """Path and times of each probe on which ours and the standard do not agree."""
    structure, version, name = OURS[which]
    elements = elements_of(version, name)
    standard = re.compile(pattern(elements))
    rows = probes(elements[1:], ["MSH"], [])  # a message without MSH is none
    fits = {row: bool(standard.fullmatch("".join(f"{each} " for each in row.names))) for row in rows}
    return {f"{row.path} {row.times}" for row, fit in fits.items() if is_taken(structure, row.names) is not fit}


@pytest.mark.parametrize("which", OURS)
def test_a_structure_takes_what_the_standard_takes_but_for_what_is_declared(which: str) -> None:
    assert differences(which) == DECLARED.get(which, set())


def test_every_shared_structure_is_compared() -> None:
    compared = {id(structure) for structure, _, _ in OURS.values()}
    assert [name for name, one in vars(structures).items() if isinstance(one, Structure) and id(one) not in compared] == []


def test_a_probe_that_the_standard_refuses_is_among_them() -> None:
    """The comparison sees both answers: without one, a structure that takes everything would pass."""
    elements = elements_of("2.5.1", "VXU_V04")
    standard = re.compile(pattern(elements))
    answers = {bool(standard.fullmatch(" ".join(row.names) + " ")) for row in probes(elements[1:], ["MSH"], [])}
    assert answers == {True, False}
