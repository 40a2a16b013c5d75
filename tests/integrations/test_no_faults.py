"""Whatever a sender puts into an element, the answer is a verdict: nothing that is accepted fails our own check later."""

from collections.abc import Iterator

import pytest

from integrations import load
from shared import check
from shared.envelope import Envelope
from shared.formats import leaves
from shared.integration import Integration
from shared.leaves import Leaf, place
from toolkit.samples import RECEIVED_AT, accepted

FLOWS = ("phw-to-mpi", "pims-to-mpi", "chemocare-to-mpi", "wds-to-mpi", "mpi-outbound")
ODD = ("", '""', " ", "x", "ŵ" * 300, "20261301", "20260229", "1^2^3", "A~B", "a&b", "\\", "|", "N3", "+", "2.5")


def one_leaf_of_each_place(integration: Integration) -> Iterator[Leaf]:
    """The first leaf that any accepted sample has at each place."""
    seen: set[str] = set()
    for sample in accepted(integration):
        for leaf in leaves(integration.source.read(sample.envelope)):
            if place(leaf.path) not in seen:
                seen.add(place(leaf.path))
                yield leaf


@pytest.mark.parametrize("name", FLOWS)
def test_no_odd_text_makes_a_fault(name: str) -> None:
    integration = load(name)
    for leaf in one_leaf_of_each_place(integration):
        for text in ODD:
            ran = check.run(integration, Envelope(integration=name, body=leaf.changed(text).encode(), received_at=RECEIVED_AT))
            assert not ran.faults, (leaf.path, text, ran.faults)
            assert ran.verdict.accepted == bool(ran.outgoing), (leaf.path, text)
            assert not [issue for issue in ran.verdict.issues if issue.code == "exception"], (leaf.path, text)
