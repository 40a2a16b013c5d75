"""The measure of the guide by component: it sees a swap and a loss, it counts each row, and its figures do not fall."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from shared.hl7.message import Message
from tests.toolkit.guide_results import every_component, rows_of
from toolkit.cli import app
from toolkit.commands.develop import guide_coverage
from toolkit.guide import coverage
from toolkit.guide.components import Component, components
from toolkit.guide.measure import Measured, measure, shares
from toolkit.guide.reasons import KINDS, Reason, all_reasons
from toolkit.guide.references import is_there, references
from toolkit.guide.rows import STRUCTURE, datatype_rows, segment_rows

ADDRESS = {"3": "city", "4": "state", "5": "postalCode"}


def of(field: str, path: str, target: str) -> Component:
    """The component of a field at a path that has a place of this name."""
    rows = [row for row in segment_rows() if row.field == field]
    return next(each for row in rows for each in components(row) if each.path == path and each.target.endswith(target))


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[dict[str, Any]], None]], None]]:
    """A fault in what the mapping makes of each address of the patient."""

    def plant(fault: Callable[[dict[str, Any]], None]) -> None:
        whole = coverage.to_bundle

        def faulty(message: Message) -> dict[str, Any]:
            bundle = whole(message)
            for entry in bundle["entry"]:
                for address in entry["resource"].get("address", ()) if entry["resource"]["resourceType"] == "Patient" else ():
                    fault(address)
            return bundle

        monkeypatch.setattr(coverage, "to_bundle", faulty)
        coverage.leaves_of.cache_clear()

    yield plant
    coverage.leaves_of.cache_clear()


def addresses() -> dict[str, tuple[bool, bool]]:
    found = {name: measure(of("PID-11", path, name), ("ADT^A01",)) for path, name in ADDRESS.items()}
    return {name: (each.lands, each.exact) for name, each in found.items()}


def test_components_that_arrive_are_exact() -> None:
    assert addresses() == {"city": (True, True), "state": (True, True), "postalCode": (True, True)}


def test_two_components_that_are_swapped_are_not_exact(planted: Callable[..., None]) -> None:
    def swap(address: dict[str, Any]) -> None:
        city, state = address.pop("city", None), address.pop("state", None)
        address.update({name: text for name, text in (("city", state), ("state", city)) if text})

    planted(swap)
    assert addresses() == {"city": (False, False), "state": (False, False), "postalCode": (True, True)}


def test_a_value_that_is_changed_lands_and_is_not_exact(planted: Callable[..., None]) -> None:
    def shorten(address: dict[str, Any]) -> None:
        address["city"] = address.get("city", "")[:2]

    planted(shorten)
    assert addresses()["city"] == (True, False)


def test_a_component_that_is_dropped_does_not_land(planted: Callable[..., None]) -> None:
    planted(lambda address: address.pop("postalCode", None) and None)
    assert addresses()["postalCode"] == (False, False)


def test_a_lost_component_without_a_reason_is_unexplained(planted: Callable[..., None]) -> None:
    planted(lambda address: address.pop("postalCode", None) and None)
    assert measure(of("PID-11", "5", "postalCode"), ("ADT^A01",)).unexplained


def test_a_reason_explains_and_counts_as_what_it_is() -> None:
    component = of("PID-11", "5", "postalCode")
    found = [
        Measured(component, False, False),
        Measured(component, False, False, Reason("open", "")),
        Measured(component, True, True),
    ]
    found.append(Measured(component, True, False, Reason("elsewhere", "")))
    expected = Counter(rows=4, applicable=3, lands=2, exact=1, reason=2, neither=1)
    assert shares(found) == expected


@pytest.mark.parametrize(
    ("field", "path", "target"),
    [
        ("PRT-6", "2", "PractitionerRole.code.coding.display"),
        ("OBR-53", "5", "ServiceRequest.identifier.type.coding.code"),
        ("MSH-3", "2", "Provenance.entity.what->Device.identifier.value"),
        ("OBX-5", "2", "DocumentReference.content.attachment.extension.valueCodeableConcept"),
        ("MSH-19", "4", "MessageHeader.language"),
        ("PD1-3", "6.1", "Organization.identifier.assigner->Organization.identifier.value"),
        ("ROL-10", "4", "CareTeam.participant.onBehalfOf->Organization.type.coding.code"),
    ],
)
def test_components_that_are_read_for_one_purpose_are_exact(field: str, path: str, target: str) -> None:
    assert measure(of(field, path, target)).exact


def test_a_place_counts_only_where_the_reference_to_it_is() -> None:
    """The Condition of a diagnosis is no proof that an episode of care names it."""
    row = next(row for row in segment_rows() if row.map == "DG1[EpisodeOfCare]" and row.field == "DG1-3")
    assert not any(measure(component, ("ADT^A01",)).lands for component in components(row))


def test_a_reference_is_tried_too() -> None:
    subject = next(each for each in references("ADT_A01") if each.row.row == "Encounter.subject=Patient")
    assert is_there("ADT^A01", subject)
    assert not is_there("ADT^A01", subject._replace(row=subject.row._replace(assignment="Device")))


def test_a_resource_is_no_part_of_the_element_that_holds_a_type() -> None:
    """The name of an organization that assigns a number is not the name of the one that has the number."""
    targets = {each.target for row in segment_rows() if row.field == "PD1-3" for each in components(row)}
    assert "Patient.generalPractitioner->Organization.identifier.assigner->Organization.identifier.value" in targets


def test_every_reason_speaks_of_a_row_of_the_guide() -> None:
    known = {(row.map, row.row) for row in segment_rows()} | {
        (row.map, row.row) for rows in datatype_rows().values() for row in rows
    }
    known |= {("References", each.row.row) for structure in set(STRUCTURE.values()) for each in references(structure)}
    maps = {name for name, _ in known}
    unknown = [each for each in all_reasons() if (each.map, each.row) not in known and (each.row or each.map not in maps)]
    assert not unknown
    assert {each.reason.kind for each in all_reasons()} <= set(KINDS)
    assert all(each.reason.text for each in all_reasons())


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_figures_do_not_fall() -> None:
    count = shares(every_component())
    assert count["rows"] > 8600
    assert count["applicable"] > 7500
    assert count["lands"] >= 0.953 * count["applicable"]
    assert count["exact"] >= 0.951 * count["applicable"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_component_is_exact_or_has_a_reason() -> None:
    assert not [each.component.name for each in every_component() if each.unexplained]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_reason_outlives_its_row() -> None:
    """A reason for a row that is exact everywhere would be false."""
    used = {found.reason for event in STRUCTURE for found in rows_of(event)}
    used |= {each.reason.text for each in every_component() if each.reason}
    assert not {each.reason.text for each in all_reasons()} - used


def test_the_command_prints_figures_and_fails_where_a_row_has_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    component = of("PID-11", "5", "postalCode")
    for found, code in ((Measured(component, True, True), 0), (Measured(component, False, False), 1)):
        monkeypatch.setattr(guide_coverage, "measured", lambda events, found=found: [found])
        monkeypatch.setattr(guide_coverage, "coverages", lambda events: [(event, []) for event in events])
        monkeypatch.setattr(guide_coverage, "measured_references", lambda events: [])
        result = CliRunner().invoke(app, ["guide-coverage"])
        assert result.exit_code == code
        assert ("neither: PID[Patient] PID-11.5 -> Patient.address.postalCode" in result.stdout) == bool(code)
        assert CliRunner().invoke(app, ["guide-coverage", "--json"]).exit_code == code
