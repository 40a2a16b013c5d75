"""The clause of the standard that each structure stands on: a sender reads it in each finding."""

import pytest

from shared.hl7 import parse
from shared.validation import Structure, structures

CLAUSES = {
    "ADT_A01": "HL7 v2.3.1 3.3.1",
    "ADT_A02": "HL7 v2.5 3.3.2",
    "ADT_A05": "HL7 v2.5 3.3.28",
    "ADT_A05_VISIT_OPTIONAL": "HL7 v2.5 3.3.28",
    "ADT_A05_NK1_AFTER_PV1": "HL7 v2.4 3.3.28",
    "ADT_A39": "HL7 v2.5 3.3.39",
    "ADT_A39_NK1": "HL7 v2.4 3.3.39",
    "REF_I12": "HL7 v2.5.1 11.3.2",
    "MDM_T02": "HL7 v2.5.1 9.6.2",
    "VXU_V04": "HL7 v2.5.1 4.14.1",
}


def test_every_structure_is_in_the_table() -> None:
    assert {name for name, each in vars(structures).items() if isinstance(each, Structure)} == set(CLAUSES)


@pytest.mark.parametrize("name", CLAUSES)
def test_each_finding_of_a_structure_names_its_clause(name: str) -> None:
    found = getattr(structures, name).check(parse("MSH|^~\\&|\rPID|1\rXXX|1\r"))
    assert {issue.clause for issue in found} == {CLAUSES[name]}
