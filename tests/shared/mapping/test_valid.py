"""Valid by construction: whatever stands in any element of any message, the bundle is valid by our own check.

And a sample of such bundles, and of generated messages, by the reference validator, where it is here.
"""

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from shared.fhir import check, to_json
from shared.hl7 import Message, parse
from shared.leaves import hl7_leaves
from shared.mapping import convert
from shared.mapping.datatypes.code import is_uri
from tests.shared.mapping.converting import OBR, PID, converted, only, rules
from tests.shared.mapping.hostile import HOSTILE

HERE = Path(__file__).parent
SAMPLES = sorted((HERE / "samples").glob("*.in.hl7"))
MESSAGES = {path.name.removesuffix(".in.hl7"): parse(path.read_bytes()) for path in SAMPLES}
LEAVES = {name: list(hl7_leaves(message)) for name, message in MESSAGES.items()}
VALIDATOR = HERE.parents[2].parent / "shared" / "tools" / "fhir-validator"
CHANGES = st.lists(st.tuples(st.integers(0, 1 << 20), st.sampled_from(HOSTILE)), min_size=1, max_size=4)


def errors(message: Message) -> list[str]:
    return [f"{issue.rule} {issue.where}" for issue in check(convert(message).bundle) if issue.is_error]


@pytest.mark.parametrize("name", MESSAGES)
def test_one_hostile_value_in_each_element(name: str, record_property: Callable[[str, object], None]) -> None:
    """Every element once, with a value that its path chooses, so that a run is the same each time."""
    chosen = random.Random(name)
    found = {leaf.path: errors(leaf.changed(chosen.choice(HOSTILE))) for leaf in LEAVES[name]}
    record_property("elements", len(found))
    assert not {path: each for path, each in found.items() if each}


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(MESSAGES)), CHANGES)
@example("siu_s12_appointment", [(0, "99991231235959.9999+1400")])
def test_several_hostile_values_at_once(name: str, changes: list[tuple[int, str]]) -> None:
    event(name)
    message = MESSAGES[name]
    for place, text in changes:
        leaves = list(hl7_leaves(message))
        message = leaves[place % len(leaves)].changed(text)
    assert not errors(message)


@pytest.mark.slow
@pytest.mark.parametrize("name", MESSAGES)
def test_every_hostile_value_in_each_element(name: str, record_property: Callable[[str, object], None]) -> None:
    found = {f"{leaf.path} {n}": errors(leaf.changed(text)) for leaf in LEAVES[name] for n, text in enumerate(HOSTILE)}
    record_property("conversions", len(found))
    assert not {path: each for path, each in found.items() if each}


@pytest.mark.parametrize(
    "system", ["urn:oid:1.23", "urn:oid:1.2.3", "urn:oid:2.16.08", "urn:uuid:x", "http://a b", "ftp://a", "urn:a\tb"]
)
def test_what_the_reference_validator_refuses_is_no_uri(system: str) -> None:
    assert not is_uri(system)


@pytest.mark.parametrize(
    "system", ["urn:oid:1.2.840.1", "https://fhir.nhs.uk/Id/nhs-number", "urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12]
)
def test_what_it_takes_is_one(system: str) -> None:
    assert is_uri(system)


def test_one_choice_of_when_an_order_takes_place() -> None:
    obr = OBR.replace("|||20260115093000|", "||20260114080000|20260115093000|")
    made = only(converted(PID, obr, "TQ1|1||Q6H"), "ServiceRequest")
    assert made["occurrenceTiming"]["event"] == ["2026-01-14T08:00:00+00:00"]
    assert "occurrenceDateTime" not in made


def test_a_period_that_ends_before_it_begins_keeps_its_start_and_is_named() -> None:
    pv1 = "PV1|1|I|W1" + "|" * 41 + "20260116|20260115"
    found = converted(PID, pv1, kind="ADT^A03^ADT_A03")
    assert only(found, "Encounter")["period"] == {"start": "2026-01-16"}
    assert ("period-not-mapped", "") in rules(found)


def test_what_a_converter_lets_through_is_left_out_at_the_end_and_named() -> None:
    found = converted(PID, kind="ADT^A 1^ADT_A05")
    assert [issue for issue in found.issues if issue.rule == "element-refused"] == []
    assert ("element-refused", "") in rules(converted(PID, kind="ADT^A  1^ADT_A05"))


@pytest.mark.slow
@pytest.mark.skipif(not VALIDATOR.exists() or not shutil.which("java"), reason="the reference validator is not here")
def test_the_reference_validator_finds_no_error_in_500_generated_messages(tmp_path: Path) -> None:
    """Samples with one to three elements replaced; the same 500 in every run."""
    chosen = random.Random(18)
    for number in range(500):
        message = MESSAGES[chosen.choice(sorted(MESSAGES))]
        for _ in range(chosen.randint(1, 3)):
            message = chosen.choice(list(hl7_leaves(message))).changed(chosen.choice(HOSTILE))
        (tmp_path / f"{number:03}.json").write_bytes(to_json(convert(message).bundle))
    found = subprocess.run([VALIDATOR, "--json", tmp_path], capture_output=True, text=True, check=False, timeout=600)
    broken = [line for line in found.stdout.splitlines() if '"error"' in line or '"fatal"' in line]
    assert found.returncode == 0, broken[:20]
