"""The profiles of the Master Patient Index: version 2.5 alone, and what each of the three accepts that the others do not."""

import pytest

from shared.hl7 import parse
from shared.issue import Issue
from shared.validation.profiles import MPI_2_5, MPI_2_5_WITH_NEXT_OF_KIN, MPI_OUT, version_2_5

PID = "PID|||9990000018^^^NHS^NH||Enghraifft^Ann||19700101|F"
PROFILES = {"in": MPI_2_5, "in with next of kin": MPI_2_5_WITH_NEXT_OF_KIN, "out": MPI_OUT}
A28, A40 = "ADT^A28^ADT_A05", "ADT^A40^ADT_A39"
EVERY = set(PROFILES)

# A message, and the profiles that accept it.
ACCEPTED_BY: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "an update": ((A28, PID, "PV1||N"), EVERY),
    "an update without a visit": ((A28, PID), {"out"}),
    "an update with a Z segment": ((A28, PID, "PV1||N", "ZPI|1"), {"out"}),
    "an update without a patient": ((A28, "PV1||N"), set()),
    "a merge": ((A40, PID, "MRG|123^^^252^PI"), EVERY),
    "a merge with a Z segment": ((A40, PID, "MRG|123^^^252^PI", "ZPI|1"), {"out"}),
    "a merge with next of kin": ((A40, PID, "NK1|1|Enghraifft^Rhys", "MRG|123^^^252^PI"), {"in with next of kin"}),
    "a merge without the merged patient": ((A40, PID), set()),
}


def errors(name: str, kind: str, *segments: str, version: str = "2.5") -> list[str]:
    header = f"MSH|^~\\&|252|F|||20240501||{kind}|C1|P|{version}"
    message = parse("\r".join([header, "EVN||20240501", *segments]).encode())
    return [f"{issue.rule} {issue.where}" for issue in PROFILES[name].check(message) if issue.is_error]


@pytest.mark.parametrize("case", ACCEPTED_BY)
def test_each_profile_accepts_its_structures_and_no_other(case: str) -> None:
    (kind, *segments), expected = ACCEPTED_BY[case]
    found = {name: errors(name, kind, *segments) for name in PROFILES}
    assert {name for name in PROFILES if not found[name]} == expected, found


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(("version", "is_accepted"), [("2.5", True), ("2.4", False), ("2.5.1", False), ("", False)])
def test_only_version_2_5_is_accepted(name: str, version: str, is_accepted: bool) -> None:
    found = errors(name, A28, PID, "PV1||N", version=version)
    assert ("version-2-5 MSH-12" not in found) == is_accepted
    if is_accepted:
        assert found == []


def test_another_version_is_named_with_its_field_and_clause() -> None:
    (found,) = version_2_5(parse(b"MSH|^~\\&|252|F|||20240501||ADT^A28|C1|P|2.4\r"))
    assert found == Issue(
        severity="error",
        code="not-supported",
        where="MSH-12",
        text="MSH-12 is not 2.5",
        clause="HL7 v2.5 2.15.9.12",
        hl7="203",
    )
    assert list(version_2_5(parse(b"MSH|^~\\&|252|F|||20240501||ADT^A28|C1|P|2.5\r"))) == []


def test_each_profile_has_a_name_of_its_own() -> None:
    assert [each.name for each in PROFILES.values()] == ["MPI ADT 2.5", "MPI ADT 2.5 with next of kin", "MPI ADT 2.5 outbound"]
