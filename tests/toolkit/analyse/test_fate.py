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
from toolkit.say import ROOT

INTEGRATIONS = [load(name) for name in CATALOGUE]


@lru_cache
def probed(name: str) -> list[tuple[Sample, Fate]]:
    """Every fate of an integration, found once: probing a large sample takes seconds."""
    return list(all_fates(load(name)))


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name)
def test_nothing_is_dropped_without_a_reason(integration: Integration) -> None:
    lost = {fate.path: sample.name for sample, fate in probed(integration.name) if fate.fate == "lost"}
    if lost:
        pytest.fail(what_to_write(integration, lost), pytrace=False)


def what_to_write(integration: Integration, lost: dict[str, str]) -> str:
    """One line for each dropped path, as it has to be in the file of the reasons. ``lost``: path -> name of the sample."""
    folder = f"integrations/{integration.name.replace('-', '_')}"
    file = f"{folder}/dropped.py" if (ROOT / folder / "dropped.py").exists() else f"{folder}/__init__.py, `dropped`"
    lines = "".join(f'\n    "{path}": "<the reason>",  # in sample {sample}' for path, sample in lost.items())
    return f"{integration.name} drops these elements without a reason. Map each one, or write in {file}:{lines}"


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name)
def test_every_reason_is_needed(integration: Integration) -> None:
    """A reason that no sample calls for stands for a guess, or for what has since been mapped."""
    given = {fate.reason for _, fate in probed(integration.name)}
    unused = {path: reason for path, reason in integration.dropped.items() if reason not in given}
    if unused:
        lines = "".join(f"\n    {path!r}: {reason!r}," for path, reason in unused.items())
        pytest.fail(f"{integration.name} drops nothing for these reasons. Remove each line:{lines}", pytrace=False)


@pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda each: each.name)
def test_the_mapping_sheet_is_fresh(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolkit.generate.sheet, "all_fates", lambda of: probed(of.name))
    assert page(integration).read_text(encoding="utf-8") == sheet(integration), "run ./hub sheet --write"
    if integration.seen:
        assert places_file(integration).read_text(encoding="utf-8") == places(integration), "run ./hub sheet --write"


def test_a_missing_reason_is_the_file_and_the_line_to_write() -> None:
    assert what_to_write(load("lims-results-to-cdr"), {"PID-29.2": "deceased"}) == (
        "lims-results-to-cdr drops these elements without a reason. Map each one, or write in "
        'integrations/lims_results_to_cdr/dropped.py:\n    "PID-29.2": "<the reason>",  # in sample deceased'
    )
    assert "integrations/phw_to_mpi/__init__.py, `dropped`:" in what_to_write(load("phw-to-mpi"), {"PID-29.2": "deceased"})


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
