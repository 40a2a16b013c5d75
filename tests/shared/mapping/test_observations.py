"""What an OBX says besides its value: the parts of its sub-identifier, and its specimen."""

from decimal import Decimal
from typing import Any

import pytest

from tests.shared.mapping.converting import OBR, PID, converted, only, resources

Json = dict[str, Any]
SUB_ID = "http://hl7.org/fhir/StructureDefinition/observation-v2-subid"


def obx(**fields: str) -> str:
    filled = {"1": "1", "2": "NM", "3": "X^Test^L", "5": "7", "11": "F"} | {name[1:]: text for name, text in fields.items()}
    return "OBX|" + "|".join(filled.get(str(n), "") for n in range(1, 34)).rstrip("|")


@pytest.mark.parametrize(
    ("sent", "parts"),
    [
        ("1.5^2^3^d", [("original-sub-identifier", "1.5"), ("group", 2), ("sequence", 3), ("identifier", "d")]),
        ("a", [("original-sub-identifier", "a")]),
        ("^1.5", [("group", Decimal("1.5"))]),
        ("^a^b", [("group", "a"), ("sequence", "b")]),
        ("^^^d", [("identifier", "d")]),
    ],
)
def test_each_part_of_a_sub_identifier_is_an_extension_of_its_type(sent: str, parts: list[tuple[str, Any]]) -> None:
    observation = only(converted(PID, OBR, obx(_4=sent)), "Observation")
    (found,) = [each for each in observation["extension"] if each["url"] == SUB_ID]
    kinds = {name: "valueString" if isinstance(value, str) else "valueDecimal" for name, value in parts}
    assert found["extension"] == [{"url": name, kinds[name]: value} for name, value in parts]


@pytest.mark.parametrize(("sent", "code"), [("S1&LAB", "PLAC"), ("^S2&LAB", "FILL")])
def test_a_specimen_of_one_number_is_that_number(sent: str, code: str) -> None:
    found = converted(PID, OBR, obx(_33=sent))
    assert not resources(found, "Specimen")
    specimen = only(found, "Observation")["specimen"]
    assert specimen["identifier"]["value"] == ("S1" if code == "PLAC" else "S2")
    assert [each["code"] for each in specimen["identifier"]["type"]["coding"]] == [code]


def test_a_specimen_of_two_numbers_is_a_specimen_with_both() -> None:
    found = converted(PID, OBR, obx(_33="S1&LAB^S2&LAB"))
    numbers = [(each["type"]["coding"][0]["code"], each["value"]) for each in only(found, "Specimen")["identifier"]]
    assert numbers == [("PLAC", "S1"), ("FILL", "S2")]
    assert "reference" in only(found, "Observation")["specimen"]


def test_several_specimens_are_not_one() -> None:
    found = converted(PID, OBR, obx(_33="S1&LAB~S2&LAB"))
    assert "specimen" not in only(found, "Observation")
