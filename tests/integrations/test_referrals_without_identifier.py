"""A referral whose bundle has no identifier: R4 asks for none in a message, and the PAS names every message by MSH-10."""

from dataclasses import replace

import orjson
import pytest

from integrations import load
from shared.check import run
from shared.hl7 import parse
from toolkit.samples import accepted

REFERRALS = load("referrals-to-pas")


@pytest.mark.parametrize("identifier", [None, {"system": "urn:x-test", "value": "\u00a0"}, {"system": "urn:x-test"}])
def test_it_gets_a_control_id_that_is_the_same_whenever_it_is_sent(identifier) -> None:
    sample = accepted(REFERRALS)[0]
    bundle = {**orjson.loads(sample.body), "identifier": identifier}
    body = orjson.dumps({key: value for key, value in bundle.items() if value is not None})
    first, again = (run(REFERRALS, replace(sample.envelope, body=body)) for _ in range(2))
    assert first.verdict.accepted
    control = parse(first.outgoing[0].body)["MSH-10"]
    assert len(control) == 20
    assert control.isalnum()
    assert first.outgoing == again.outgoing
