"""What identifies a message: every part of its identity, and where one part ends and the next begins."""

import pytest

from shared.envelope import Identity
from shared.intake.decide import receipt_key

WHO = Identity(sender="ADT", facility="RYR", control_id="1")


@pytest.mark.parametrize("part", Identity._fields)
def test_a_message_that_differs_in_one_part_of_its_identity_is_another_message(part: str) -> None:
    assert receipt_key(WHO._replace(**{part: "other"})) != receipt_key(WHO)
    assert receipt_key(WHO._replace(**{part: ""})) != receipt_key(WHO)


@pytest.mark.parametrize("other", [("ADTR", "YR", "1"), ("ADT", "RY", "R1"), ("RYR", "ADT", "1"), ("ADTRYR1", "", "")])
def test_the_parts_of_an_identity_are_not_run_together(other: tuple[str, str, str]) -> None:
    assert receipt_key(Identity._make(other)) != receipt_key(WHO)


def test_the_same_identity_is_the_same_receipt() -> None:
    assert receipt_key(Identity(*WHO)) == receipt_key(WHO)
