"""What a message says of a patient, laid over what the server holds: element by element, and the entries that are sent."""

from typing import Any

import pytest

from shared.fhir.bundle import REMOVED
from shared.fhir.merge import merge, merge_searches, prepare, search_form, without_replaced

Json = dict[str, Any]


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "7", **elements}


def as_sent(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "new", **elements}


A1, A2, B1 = {"system": "a", "value": "1"}, {"system": "a", "value": "2"}, {"system": "b", "value": "1"}
X1, X2, Y1 = {"url": "x", "valueCode": "1"}, {"url": "x", "valueCode": "2"}, {"url": "y", "valueCode": "1"}
BARE, OTHER = {"value": "9"}, {"value": "8"}
LINK1, LINK1B = ({"other": {"reference": "Patient/1"}, "type": kind} for kind in ("refer", "seealso"))
LINK2 = {"other": {"reference": "Patient/2"}, "type": "refer"}
GENERATED, WRITTEN = {"status": "generated", "div": "<div/>"}, {"status": "additional", "div": "<div/>"}


@pytest.mark.parametrize(
    ("held", "sent", "removed", "result"),
    [
        ({"gender": "male"}, {}, (), {"gender": "male"}),
        ({"gender": "male"}, {"gender": "female"}, (), {"gender": "female"}),
        ({}, {"gender": "female"}, (), {"gender": "female"}),
        ({"gender": "male"}, {}, ("gender",), {}),
        ({"gender": "male", "active": False}, {}, ("gender",), {"active": False}),
        ({"_gender": {"id": "1"}}, {"gender": "female"}, (), {"gender": "female"}),
        ({"gender": "male"}, {"_gender": {"id": "1"}}, (), {"_gender": {"id": "1"}}),
        # one of several types
        ({"deceasedBoolean": False}, {"deceasedDateTime": "2024"}, (), {"deceasedDateTime": "2024"}),
        ({"deceasedBoolean": False, "_deceasedBoolean": {"id": "1"}}, {}, ("deceased[x]",), {}),
        ({"multipleBirthInteger": 2}, {"multipleBirthBoolean": True}, (), {"multipleBirthBoolean": True}),
        ({"multipleBirthInteger": 2}, {"deceasedBoolean": True}, (), {"multipleBirthInteger": 2, "deceasedBoolean": True}),
        ({"values": 2}, {"valueString": "x"}, (), {"values": 2, "valueString": "x"}),
        # a narrative that was generated tells the old content
        ({"text": GENERATED}, {"gender": "female"}, (), {"gender": "female"}),
        ({"text": WRITTEN}, {"gender": "female"}, (), {"text": WRITTEN, "gender": "female"}),
        ({"text": WRITTEN}, {"text": GENERATED}, (), {"text": GENERATED}),
        # lists in which the entries of others stay
        ({"identifier": [A1, B1]}, {"identifier": [A2]}, (), {"identifier": [B1, A2]}),
        ({"identifier": [A1]}, {"identifier": [A1]}, (), {"identifier": [A1]}),
        ({"identifier": [BARE]}, {"identifier": [A1]}, (), {"identifier": [BARE, A1]}),
        ({"identifier": [A1, BARE]}, {"identifier": [BARE]}, (), {"identifier": [A1, BARE]}),
        ({"identifier": [BARE]}, {"identifier": [OTHER]}, (), {"identifier": [BARE, OTHER]}),
        ({}, {"identifier": [A1]}, (), {"identifier": [A1]}),
        ({"identifier": [A1]}, {}, ("identifier",), {}),
        ({"extension": [X1, Y1]}, {"extension": [X2]}, (), {"extension": [Y1, X2]}),
        ({"link": [LINK1, LINK2]}, {"link": [LINK1B]}, (), {"link": [LINK2, LINK1B]}),
        ({}, {"link": [LINK1]}, (), {"link": [LINK1]}),
        ({"name": [A1]}, {"name": [A2]}, (), {"name": [A2]}),
        # the server's own facts
        (
            {"meta": {"versionId": "3", "lastUpdated": "2024", "source": "x", "profile": ["p"]}},
            {"meta": {"profile": ["q"]}},
            (),
            {"meta": {"profile": ["p", "q"]}},
        ),
        (
            {"meta": {"tag": [A1], "security": [B1]}},
            {"meta": {"tag": [A1, A2]}},
            (),
            {"meta": {"tag": [A1, A2], "security": [B1]}},
        ),
        ({"meta": {"security": [B1]}}, {"meta": {"security": [A1]}}, (), {"meta": {"security": [B1, A1]}}),
    ],
)
def test_absent_keeps_a_value_replaces_and_what_is_named_goes(
    held: Json, sent: Json, removed: tuple[str, ...], result: Json
) -> None:
    assert merge(patient(**held), as_sent(**sent), removed) == patient(**result)


def test_patients_that_were_replaced_are_left_out_unless_there_is_no_other() -> None:
    gone = patient(link=[{"type": "seealso"}, {"type": "replaced-by"}])
    lives, linked = patient(), patient(link=[{"type": "replaces"}])
    assert without_replaced([gone, lives, linked]) == [lives, linked]
    assert without_replaced([gone]) == [gone]
    assert without_replaced([]) == []


def entry(method: str, url: str, **elements: Any) -> Json:
    return {"fullUrl": "urn:uuid:new", "request": {"method": method, "url": url}, "resource": as_sent(**elements)}


def test_an_update_by_a_search_is_to_be_merged_and_nothing_else() -> None:
    urls = [
        ("PUT", "Patient?identifier=a%7C1"),
        ("PUT", "Patient/7"),
        ("POST", "Patient?identifier=a%7C1"),
        ("PUT", "Encounter?x=1"),
    ]
    bundle = {"entry": [*(entry(*each) for each in urls), {"resource": {}}]}
    assert merge_searches(bundle) == {0: ("Patient", "identifier=a%7C1"), 3: ("Encounter", "x=1")}
    assert merge_searches({}) == {}


def test_a_search_keeps_a_plus_and_an_empty_field() -> None:
    assert search_form("identifier=urn:a%7C1+2&name=&b=%26") == {"identifier": "urn:a|1+2", "name": "", "b": "&"}


SENT = {
    "resourceType": "Bundle",
    "entry": [
        {**entry("PUT", "Patient?identifier=a", gender="female"), "extension": [{"url": REMOVED, "valueString": "birthDate"}]},
        {
            "fullUrl": "urn:uuid:v",
            "request": {"method": "POST", "url": "Encounter"},
            "resource": {"subject": {"reference": "urn:uuid:new"}},
        },
    ],
}
HELD = patient(meta={"versionId": "3", "lastUpdated": "2024"}, birthDate="1970", active=True)


def test_what_the_server_holds_is_updated_in_that_version_and_referred_to() -> None:
    assert prepare(SENT, {0: HELD}) == {
        "resourceType": "Bundle",
        "entry": [
            {
                "fullUrl": "urn:uuid:new",
                "resource": patient(active=True, gender="female"),
                "request": {"method": "PUT", "url": "Patient/7", "ifMatch": 'W/"3"'},
            },
            {**SENT["entry"][1], "resource": {"subject": {"reference": "Patient/7"}}},
        ],
    }


def test_what_the_server_does_not_hold_is_created_unless_it_is_there_by_then() -> None:
    assert prepare(SENT, {0: None}) == {
        "resourceType": "Bundle",
        "entry": [
            {
                "fullUrl": "urn:uuid:new",
                "resource": {"resourceType": "Patient", "id": "new", "gender": "female"},
                "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=a"},
            },
            SENT["entry"][1],
        ],
    }


def test_other_extensions_of_an_entry_stay() -> None:
    other = {"url": "https://example.nhs.wales/other", "valueString": "x"}
    sent = {"entry": [{**SENT["entry"][0], "extension": [*SENT["entry"][0]["extension"], other]}]}
    assert prepare(sent, {0: HELD})["entry"][0]["extension"] == [other]
    assert (
        prepare({"entry": [{**SENT["entry"][0], "extension": [other]}]}, {0: HELD})["entry"][0]["resource"]["birthDate"] == "1970"
    )


def test_profiles_of_the_server_stay_and_an_empty_meta_is_left_out() -> None:
    held = patient(meta={"versionId": "3", "profile": ["p"]})
    assert prepare(SENT, {0: held})["entry"][0]["resource"]["meta"] == {"profile": ["p"]}
    assert "meta" not in prepare(SENT, {0: HELD})["entry"][0]["resource"]
