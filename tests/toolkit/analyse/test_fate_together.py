"""The quick search for fates finds what changing each element alone finds; messages that are alike are searched once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import toolkit.analyse.fate
from integrations import load
from shared.envelope import Envelope
from shared.integration import Integration
from shared.problems import Unsupported
from toolkit.analyse.fate import faces, fates

ROOT = Path(__file__).resolve().parents[3] / "integrations"
QUICK = ("a02_transfer", "a34_merge", "microbiology", "vxu_given")
SAMPLES = sorted(
    path for name in ("pas_adt", "lims_results", "vaccinations") for path in ROOT.glob(f"{name}_to_cdr/samples/*.in.hl7")
)


def integration_of(path: Path) -> Integration:
    return load(path.parents[1].name.replace("_", "-"))


def envelope(path: Path, *changes: tuple[bytes, bytes]) -> Envelope:
    body = path.read_bytes()
    for old, new in changes:
        assert old in body
        body = body.replace(old, new)
    return Envelope(integration=integration_of(path).name, body=body, received_at="2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "path",
    [pytest.param(each, marks=() if each.name.split(".")[0] in QUICK else pytest.mark.slow) for each in SAMPLES],
    ids=lambda path: f"{path.parents[1].name}-{path.name.removesuffix('.in.hl7')}",
)
def test_together_and_alone_find_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = integration_of(path)
    try:
        content = integration.source.read(envelope(path))
        quick = fates(integration, content)
    except (ValueError, KeyError, StopIteration, Unsupported):
        pytest.skip("a message that is rejected before it is mapped")
    monkeypatch.setattr(toolkit.analyse.fate, "_reached_quickly", lambda *_: None)
    alone = fates(integration, content)
    assert [(each.path, each.fate, set(each.to)) for each in quick] == [(each.path, each.fate, set(each.to)) for each in alone]


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every conversion for the search."""
    made: list[Any] = []
    real = toolkit.analyse.fate.outcome
    counted = lambda integration, content: made.append(content) or real(integration, content)  # noqa: E731
    monkeypatch.setattr(toolkit.analyse.fate, "outcome", counted)
    monkeypatch.setattr("shared.fate.outcome", counted)
    toolkit.analyse.fate._memory.cache_clear()
    yield made
    toolkit.analyse.fate._memory.cache_clear()


def test_a_message_like_an_earlier_one_is_not_searched_again(converted: list[Any]) -> None:
    path = ROOT / "pas_adt_to_cdr" / "samples" / "a02_transfer.in.hl7"
    integration = integration_of(path)
    first = faces(integration, envelope(path))
    assert len(converted) > 20
    converted.clear()
    surname = integration.source.read(envelope(path))["PID-5.1"].encode()
    assert faces(integration, envelope(path, (surname, surname.swapcase()))) == first
    assert converted == []


def test_a_name_that_stands_twice_is_another_text_too(converted: list[Any]) -> None:
    """Who ordered and who referred is one person: the second name reaches nothing of its own."""
    path = ROOT / "lims_results_to_cdr" / "samples" / "text_report.in.hl7"
    integration = integration_of(path)
    first = faces(integration, envelope(path))
    converted.clear()
    name = integration.source.read(envelope(path))["OBR-16.2"].encode()
    assert faces(integration, envelope(path, (name, name.swapcase()))) == first
    assert converted == []


def test_another_code_is_another_message(converted: list[Any]) -> None:
    path = ROOT / "pas_adt_to_cdr" / "samples" / "a02_transfer.in.hl7"
    integration = integration_of(path)
    faces(integration, envelope(path))
    converted.clear()
    faces(integration, envelope(path, (b"|F|", b"|M|") if b"|F|" in path.read_bytes() else (b"|M|", b"|F|")))
    assert converted


def test_the_biggest_result_takes_few_conversions(converted: list[Any]) -> None:
    """219 elements, most of which need none of their own."""
    path = ROOT / "lims_results_to_cdr" / "samples" / "full_blood_count.in.hl7"
    faces(integration_of(path), envelope(path))
    assert len(converted) < 200  # ids are made of numbers, so more elements reach several places
