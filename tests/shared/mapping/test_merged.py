"""What is said twice of one thing is joined element by element: nothing of the second is lost, nothing is said twice."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.resource import Element
from shared.mapping.elements import merge
from shared.mapping.transaction import _token, entries
from tests.shared.mapping.converting import PID, converted, only, resources, rules

NUMBER = {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "7A3"}
VXU = "VXU^V04^VXU_V04"


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        (
            {"identifier": [NUMBER]},
            {"identifier": [{**NUMBER, "use": "official"}]},
            {"identifier": [{**NUMBER, "use": "official"}]},
        ),
        (
            {"identifier": [{**NUMBER, "use": "old"}]},
            {"identifier": [{**NUMBER, "use": "official"}]},
            {"identifier": [{**NUMBER, "use": "old"}, {**NUMBER, "use": "official"}]},
        ),
        (
            {"telecom": [{"system": "phone", "value": "1"}]},
            {"telecom": [{"system": "phone", "value": "1", "use": "work"}, {"system": "email", "value": "1"}]},
            {"telecom": [{"system": "phone", "value": "1", "use": "work"}, {"system": "email", "value": "1"}]},
        ),
        (
            {"address": [{"city": "Abertawe"}]},
            {"address": [{"city": "Bangor"}]},
            {"address": [{"city": "Abertawe"}, {"city": "Bangor"}]},
        ),
        ({"type": {"coding": [{"code": "a"}]}}, {"type": {"text": "A"}}, {"type": {"coding": [{"code": "a"}], "text": "A"}}),
    ],
)
def test_elements_of_one_key_are_joined_where_they_agree(one: Element, other: Element, joined: Element) -> None:
    merge(one, other)
    assert one == joined


def test_a_merge_leaves_what_it_is_given() -> None:
    held: Element = {"identifier": [dict(NUMBER)]}
    first, more = held["identifier"][0], {"identifier": [{**NUMBER, "use": "official"}]}
    merge(held, more)
    assert first == NUMBER
    assert more == {"identifier": [{**NUMBER, "use": "official"}]}


def organization(number: int, **more: Any) -> Element:
    return {"resourceType": "Organization", "id": f"00000000-0000-4000-8000-00000000000{number}", "identifier": [NUMBER], **more}


def test_two_resources_of_one_number_become_one_with_the_elements_of_both() -> None:
    first = organization(1, name="Ysbyty A", telecom=[{"system": "phone", "value": "1"}])
    second = organization(2, name="Hospital A", address=[{"city": "Abertawe"}], telecom=[{"system": "phone", "value": "2"}])
    user = {"resourceType": "Patient", "id": "p", "managingOrganization": {"reference": f"urn:uuid:{second['id']}"}}
    made = [each["resource"] for each in entries([first, second, user], {})]
    assert len(made) == 2
    assert made[0] == {
        **organization(1, name="Ysbyty A", alias=["Hospital A"], address=[{"city": "Abertawe"}]),
        "telecom": [{"system": "phone", "value": "1"}, {"system": "phone", "value": "2"}],
    }
    assert made[1]["managingOrganization"]["reference"] == f"urn:uuid:{first['id']}"
    assert first == organization(1, name="Ysbyty A", telecom=[{"system": "phone", "value": "1"}])


def test_a_second_address_of_an_ordering_provider_is_kept() -> None:
    orders = [f"ORC|NW|P{n}||||||||||G1^Llwyd^Sian{'|' * 12}{n} Stryd Fawr^^Bangor" for n in (1, 2)]
    found = converted(PID, orders[0], "OBR|1|P1||A^B^L", orders[1], "OBR|2|P2||A^B^L", kind="OML^O21^OML_O21")
    assert [each["line"] for each in only(found, "Practitioner")["address"]] == [["1 Stryd Fawr"], ["2 Stryd Fawr"]]


def test_a_second_address_of_a_place_which_has_one_is_named() -> None:
    given = "RXA|0|1|20260110||207^COVID^CVX|0.3|mL^mL^UCUM||||||||L1||||||CP||||||CLINIC|{} Stryd Fawr^^Bangor"
    found = converted(PID, "ORC|RE||F1", given.format(1), "ORC|RE||F2", given.format(2), kind=VXU)
    (place,) = resources(found, "Location")
    assert place["address"]["line"] == ["1 Stryd Fawr"]
    assert ("second-value", "RXA[2]-28") in rules(found)


@given(st.text(st.sampled_from("aZ0_.-~:/\\|,$%& é\n")))
def test_a_text_in_a_search_is_escaped_and_encoded(text: str) -> None:
    """A text with nothing to escape takes a shortcut, which must leave every other one."""
    escaped = "".join(f"\\{each}" if each in "\\|,$" else each for each in text)
    assert _token(text) == quote(escaped, safe=":/.-_~")


def test_each_reference_to_a_resource_that_became_one_with_another_is_to_that_one() -> None:
    """In a list, in a list of lists and as a plain text too; whatever else it stands next to stays."""
    twice: list[Element] = [{"resourceType": "Organization", "id": each, "identifier": [NUMBER]} for each in "ab"]
    link = {"reference": "urn:uuid:b", "type": "Organization"}
    parts = {"one": link, "more": [link, "urn:uuid:b", [link, 1, None]], "is": True, "text": "b", "number": 7.5, "none": {}}
    found = entries([*twice, {"resourceType": "Basic", "id": "c", **parts}], {})
    assert [each["fullUrl"] for each in found] == ["urn:uuid:a", "urn:uuid:c"]
    first = {"reference": "urn:uuid:a", "type": "Organization"}
    expected = {"one": first, "more": [first, "urn:uuid:a", [first, 1, None]], "is": True, "text": "b", "number": 7.5, "none": {}}
    assert found[1]["resource"] == {"resourceType": "Basic", "id": "c", **expected}
