"""Every sample of every integration comes out as its golden files say. ``pytest --accept`` rewrites them."""

import re

import pytest

from integrations import CATALOGUE, load
from shared import check
from shared.integration import Integration
from shared.validation.nhs_number import is_nhs_number
from tests.goldens import hold
from toolkit.samples import Sample, goldens, samples

SAMPLES = [(name, sample) for name in CATALOGUE for sample in samples(load(name))]


def title(value: object) -> str:
    return value.name if isinstance(value, Sample) else str(value)


def files_next_to(sample: Sample) -> dict[str, bytes]:
    """The golden files of a sample as they are now."""
    kinds = ("out", "properties", "issues")
    found = [path for kind in kinds for path in sample.path.parent.glob(f"{sample.name}.{kind}.*")]
    return {path.name: path.read_bytes() for path in found}


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=title)
def test_a_sample_comes_out_as_its_golden_files_say(name: str, sample: Sample, accept: bool) -> None:
    hold(sample.path.parent, files_next_to(sample), goldens(load(name), sample), accept=accept)


@pytest.mark.parametrize("integration", [load(name) for name in CATALOGUE], ids=lambda each: each.name)
def test_an_integration_has_samples_of_both_kinds(integration: Integration) -> None:
    names = [sample.name for sample in samples(integration)]
    assert [name for name in names if not name.startswith("rejected_")]
    assert [name for name in names if name.startswith("rejected_")]


@pytest.mark.parametrize("integration", [load(name) for name in CATALOGUE], ids=lambda each: each.name)
def test_the_name_of_a_sample_says_whether_it_is_rejected(integration: Integration) -> None:
    for sample in samples(integration):
        accepted = check.check(integration, sample.envelope).verdict.accepted
        assert accepted is not sample.name.startswith("rejected_"), sample.name


@pytest.mark.parametrize("integration", [load(name) for name in CATALOGUE], ids=lambda each: each.name)
def test_a_sample_is_synthetic(integration: Integration) -> None:
    """NHS Numbers of samples are of the range that is never given out."""
    for sample in samples(integration):
        for field in re.split(r"[|~\r]", sample.body.decode("latin-1")) if sample.extension == "hl7" else ():
            number = field.partition("^")[0].strip()
            assert not is_nhs_number(number) or number.startswith("999"), sample.name
