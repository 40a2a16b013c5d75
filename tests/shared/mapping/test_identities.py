"""A later message about the same order, report or appointment writes the same resource again."""

from pathlib import Path

import pytest

from shared.fhir import FhirProfile, Resource
from shared.hl7 import Message, compose, parse, replace
from shared.mapping.wales.acts import to_transaction
from shared.mapping.wales.written_anew import EVERY_MESSAGE

SAMPLES = Path(__file__).resolve().parents[3] / "toolkit/templates/samples/hl7v2"
PROFILE = FhirProfile(new_id=EVERY_MESSAGE)


def sample(name: str) -> Message:
    return parse((SAMPLES / f"{name}.hl7").read_bytes())


def with_fields(message: Message, name: str, fields: dict[str, str]) -> Message:
    return compose(message, [replace(each, fields) if each.name == name else each for each in message.segments()])


def requests(bundle: Resource, *types: str) -> list[str]:
    return [each["request"]["url"] for each in bundle["entry"] if each["resource"]["resourceType"] in types]


def refused(bundle: Resource) -> list[str]:
    places = [issue.where for issue in PROFILE.check(bundle) if issue.rule == "no-stable-identity"]
    return [bundle["entry"][int(place.partition("[")[2].partition("]")[0])]["resource"]["resourceType"] for place in places]


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("o01_order", "o01_cancelled", "ServiceRequest"),
        ("o21_order", "o21_cancelled", "ServiceRequest"),
        ("o19_order", "o19_cancelled", "ServiceRequest"),
        ("s12_booked", "s15_cancelled", "Appointment"),
    ],
)
def test_a_cancellation_reaches_what_it_cancels(first: str, second: str, kind: str) -> None:
    one, other = to_transaction(sample(first)), to_transaction(sample(second))
    assert requests(one, kind) == requests(other, kind) != []
    assert refused(one) == refused(other) == []


def test_an_order_without_a_number_is_refused_by_the_check_of_the_output() -> None:
    message = with_fields(with_fields(sample("o01_order"), "ORC", {"2": ""}), "OBR", {"2": ""})
    assert refused(to_transaction(message)) == ["ServiceRequest"]


def test_an_order_whose_number_names_no_authority_is_found_by_that_of_its_sender() -> None:
    messages = [with_fields(sample(name), "ORC", {"2": "P7"}) for name in ("o01_order", "o01_cancelled")]
    one, other = (to_transaction(with_fields(each, "OBR", {"2": "P7"})) for each in messages)
    assert requests(one, "ServiceRequest") == requests(other, "ServiceRequest")
    elsewhere = to_transaction(with_fields(messages[0], "MSH", {"3": "OTHER"}))
    assert requests(elsewhere, "ServiceRequest") != requests(one, "ServiceRequest")


def test_two_orders_of_one_number_are_refused() -> None:
    """A cancellation could not say which of them it cancels."""
    message = sample("o01_order")
    twice = compose(message, [*message.segments(), *message.segments()[-2:]])
    assert refused(to_transaction(twice)) == ["ServiceRequest"]


def test_two_reports_of_one_number_stay_two() -> None:
    """Several OBR of one message may have one filler number."""
    message = sample("r01_result")
    obr, obx = message.segments()[-2:]
    both = compose(message, [*message.segments(), replace(obr, {"1": "2", "4": "K"}), replace(obx, {"3": "K"})])
    made = to_transaction(both)
    assert len(set(requests(made, "DiagnosticReport"))) == len(set(requests(made, "Observation"))) == 2
    assert requests(to_transaction(message), "DiagnosticReport", "Observation")[0] in requests(made, "DiagnosticReport")
    assert refused(made) == []


def test_two_reports_of_one_number_and_one_code_stay_two_with_their_results() -> None:
    """Two blood cultures of one request: the second must not take the place of the first."""
    message = sample("r01_result")
    obr, obx = message.segments()[-2:]
    made = to_transaction(compose(message, [*message.segments(), replace(obr, {"1": "2"}), replace(obx, {"5": "139"})]))
    assert len(set(requests(made, "DiagnosticReport"))) == len(set(requests(made, "Observation"))) == 2
    assert refused(made) == []


def test_a_corrected_result_replaces_the_one_that_it_corrects() -> None:
    message = sample("r01_result")
    corrected = with_fields(with_fields(message, "OBX", {"5": "141", "11": "C"}), "MSH", {"10": "ANOTHER"})
    kinds = ("DiagnosticReport", "Observation", "ServiceRequest")
    one, other = to_transaction(message), to_transaction(corrected)
    assert requests(one, *kinds) == requests(other, *kinds)
    assert [each["resource"]["valueQuantity"]["value"] for each in other["entry"] if "valueQuantity" in each["resource"]] == [141]


def test_a_result_sent_twice_with_one_code_is_two_results() -> None:
    message = sample("r01_result")
    again = compose(message, [*message.segments(), replace(message.segments()[-1], {"1": "2", "5": "139"})])
    assert len(set(requests(to_transaction(again), "Observation"))) == 2


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("[!a]*.hl7")), ids=lambda path: path.stem)
def test_no_identity_depends_on_the_control_id_but_what_is_declared(path: Path) -> None:
    one = to_transaction(sample(path.stem))
    other = to_transaction(with_fields(sample(path.stem), "MSH", {"10": "ANOTHER"}))
    changed = [
        old["resource"]["resourceType"]
        for old, new in zip(one["entry"], other["entry"], strict=True)
        if old["request"] != new["request"]
    ]
    assert set(changed) <= set(EVERY_MESSAGE)
    assert refused(one) == []
