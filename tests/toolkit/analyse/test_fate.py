"""Field fate: every populated element of every sample is copied, mapped, or dropped for a written reason."""

from dataclasses import replace
from functools import lru_cache

import pytest

import toolkit.generate.sheet
from integrations import CATALOGUE, load
from shared.hl7 import parse
from shared.integration import Integration
from toolkit.analyse.fate import Fate, fates
from toolkit.generate.sheet import all_fates, page, places, places_file, sheet
from toolkit.samples import Sample

INTEGRATIONS = [load(name) for name in CATALOGUE]


@lru_cache
def probed(name: str) -> list[tuple[Sample, Fate]]:
    """Every fate of an integration, found once: probing a large sample takes seconds."""
    return list(all_fates(load(name)))


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name)
def test_nothing_is_dropped_without_a_reason(integration: Integration) -> None:
    lost = {fate.path: sample.name for sample, fate in probed(integration.name) if fate.fate == "lost"}
    file = f"integrations/{integration.name.replace('-', '_')}"
    lines = "".join(f'\n    "{path}": "<why it is dropped>",  # in {sample}' for path, sample in lost.items())
    assert not lost, f"no reason for what is dropped: map it, or add to `dropped` in {file}:{lines}"


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name)
def test_every_reason_is_needed(integration: Integration) -> None:
    """A reason that no sample calls for stands for a guess, or for what has since been mapped."""
    given = {fate.reason for _, fate in probed(integration.name)}
    assert {reason for reason in integration.dropped.values() if reason not in given} == set()


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name)
def test_the_mapping_sheet_is_fresh(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolkit.generate.sheet, "all_fates", lambda of: probed(of.name))
    assert page(integration).read_text(encoding="utf-8") == sheet(integration), "run ./hub sheet --write"
    if integration.seen:
        assert places_file(integration).read_text(encoding="utf-8") == places(integration), "run ./hub sheet --write"


HEADER = "MSH|^~\\&|252|PHW|||20260501101112||ADT^A31|1|P|2.5\r"
MESSAGE = parse(f"{HEADER}PID|||1^^^252||A&B^C{24 * '|'}20260401^D\r")


def fate_of(path: str, integration: Integration) -> Fate:
    return next(fate for fate in fates(integration, MESSAGE) if fate.path == path)


def test_copied_mapped_dropped_and_lost_are_told_apart() -> None:
    phw = load("phw-to-mpi")
    assert fate_of("PID-5.1.2", phw) == Fate("PID-5.1.2", "copied", ("PID-5.1.2",))
    assert fate_of("MSH-7", replace(phw, transform=lambda message: message)).fate == "copied"
    assert fate_of("PID-29.2", phw).fate == "dropped"
    assert fate_of("PID-29.2", replace(phw, dropped={})).fate == "lost"
