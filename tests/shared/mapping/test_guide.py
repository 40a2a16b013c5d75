"""Every sample of every message type becomes the bundle that was reviewed, valid, with references that resolve."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.fhir import to_json
from shared.hl7 import parse
from shared.mapping import convert, mapping_issues, to_bundle
from tests.goldens import hold

HERE = Path(__file__).parent
SAMPLES = sorted((HERE / "samples").glob("*.in.hl7"))


def name(path: Path) -> str:
    return path.name.removesuffix(".in.hl7")


def pretty(content: Any) -> bytes:
    return orjson.dumps(orjson.loads(to_json(content)), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def references(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        if isinstance(content.get("reference"), str):
            yield content["reference"]
        for value in content.values():
            yield from references(value)
    elif isinstance(content, list):
        for value in content:
            yield from references(value)


@pytest.mark.parametrize("sample", SAMPLES, ids=name)
def test_golden(sample: Path, accept: bool) -> None:
    converted = convert(parse(sample.read_bytes()))
    issues = "".join(f"{each.severity} {each.rule} {each.where}: {each.text}\n" for each in converted.issues)
    golden = {".out.json": pretty(converted.bundle), ".issues.txt": issues.encode()}
    made = {name(sample) + suffix: content for suffix, content in golden.items() if content}
    paths = [sample.with_name(name(sample) + suffix) for suffix in golden]
    hold(sample.parent, {path.name: path.read_bytes() for path in paths if path.exists()}, made, accept=accept)


@pytest.mark.parametrize("sample", SAMPLES, ids=name)
def test_references_resolve_and_ids_never_move(sample: Path) -> None:
    bundle = to_bundle(parse(sample.read_bytes()))
    names = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(names)) == len(names)
    assert set(references(bundle)) <= set(names)
    assert to_json(to_bundle(parse(sample.read_bytes()))) == to_json(bundle)


def test_no_id_is_made_of_a_patient_identifier() -> None:
    """Another patient in the same message leaves every id as it was."""
    text = (HERE / "samples" / "adt_a02_transfer.in.hl7").read_bytes()
    other = text.replace(b"Z123456", b"Z999999").replace(b"Morgan", b"Other")
    assert other != text
    ids = [[entry["fullUrl"] for entry in to_bundle(parse(each))["entry"]] for each in (text, other)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("sample", SAMPLES, ids=name)
def test_no_issue_carries_a_value(sample: Path) -> None:
    text = sample.read_text(encoding="utf-8")
    values = {part for part in text.replace("|", "^").replace("\r", "^").split("^") if len(part) > 5 and part.isdigit()}
    for issue in mapping_issues(parse(text)):
        assert not [value for value in values if value in issue.text + issue.where]


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.2"])
def test_every_version(version: str) -> None:
    text = (HERE / "samples" / "adt_a01_v23.in.hl7").read_text(encoding="utf-8").replace("|2.3", "|" + version)
    assert not mapping_issues(parse(text))


def test_a_schedule_without_its_first_segment_is_named() -> None:
    """No SCH: the patient is mapped but no appointment, for any other content."""
    text = "MSH|^~\\&|S|F|R|F|20260101||SIU^S12|1|P|2.4\rPID|1||1\rNTE|1||words\rRGS|1\rAIS|1||X\rAIL|1||WARD\r"
    converted = convert(parse(text))
    assert "Appointment" not in [entry["resource"]["resourceType"] for entry in converted.bundle["entry"]]
    assert ("SCH", "element-absent") in [(issue.where, issue.rule) for issue in converted.issues]


def test_another_version_or_type_is_named() -> None:
    found = mapping_issues(parse("MSH|^~\\&|A|B|||20240101||ZZZ^Z01|1|P|2.1\rZZ1|x\r"))
    kept = "code-kept-as-text"  # Z01 is not in table 0003
    assert [each.rule for each in found] == [kept, "type-not-mapped", "version-not-mapped", "segment-not-mapped"]
