"""The bounds on a body are documented for partners as they are."""

from pathlib import Path

import pytest

from shared import bounds
from shared.envelope import LARGEST

ONBOARDING = (Path(__file__).parents[2] / "docs" / "onboarding.md").read_text("utf-8")


@pytest.mark.parametrize(
    "row",
    [
        f"| body, compressed and decompressed | {LARGEST >> 20} MB |",
        f"| HL7 v2: segments of a message | {bounds.SEGMENTS:,} |",
        f"| HL7 v2: fields of a segment | {bounds.FIELDS:,} |",
        f"| HL7 v2: repetitions in a segment | {bounds.REPETITIONS:,} |",
        f"| HL7 v2: components, and subcomponents, in a segment | {bounds.COMPONENTS:,} |",
        f"| JSON: values of a document | {bounds.VALUES:,} |",
        f"| JSON: levels of nesting | {bounds.DEPTH} |",
        f"| findings in an answer | {bounds.FINDINGS} errors, {bounds.FINDINGS} others |",
        f"bodies above {bounds.UNCOUNTED >> 10} KB",
    ],
)
def test_each_bound_is_documented(row: str) -> None:
    assert row in ONBOARDING
