"""JSON of a hostile or careless sender: too many values, a property twice, numbers of any length."""

import time
import tracemalloc
from dataclasses import replace

import orjson
import pytest

from integrations import load
from shared import bounds
from shared.intake.decide import decide
from toolkit.samples import accepted

OF_JSON = ("documents-to-cdr", "vaccinations-to-cdr", "referrals-to-pas")


def sample(name: str):
    return next(each for each in accepted(load(name)) if each.body.lstrip()[:1] == b"{")


def rules(name: str, body: bytes) -> list[str]:
    decision = decide(load(name), replace(sample(name).envelope, body=body))
    assert not decision.failed
    return [issue.rule for issue in decision.verdict.issues]


@pytest.mark.parametrize("name", OF_JSON)
@pytest.mark.parametrize("one", [b"[],", b"1,", b"{},", b"[[[["])
def test_more_values_than_any_real_message_has_are_refused_before_memory_is_spent(name: str, one: bytes) -> None:
    body = sample(name).body.rstrip()[:-1] + b',"x":[' + one * bounds.VALUES + b"0]}"
    tracemalloc.start()
    started = time.process_time()
    assert rules(name, body) == ["too-much"]
    took, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * len(body)
    assert took < 1


@pytest.mark.parametrize("name", OF_JSON)
def test_a_property_twice_is_refused(name: str) -> None:
    body = sample(name).body
    key = next(iter(orjson.loads(body)))
    assert rules(name, body.replace(b"{", b'{"%s":"x",' % key.encode(), 1)) == ["property-twice"]


@pytest.mark.parametrize("name", OF_JSON)
@pytest.mark.parametrize("number", [b"9" * 5_000, b"-" + b"9" * 400, b"1e999999", b"9" * 30, b"0." + b"1" * 5_000])
def test_a_number_of_any_length_gets_a_verdict(name: str, number: bytes) -> None:
    assert rules(name, sample(name).body.rstrip()[:-1] + b',"x":' + number + b"}")


def test_many_findings_of_a_schema_are_cut_off() -> None:
    body = sample("vaccinations-to-cdr").body.rstrip()[:-1] + b"".join(b',"x%d":1' % n for n in range(5_000)) + b"}"
    assert len(rules("vaccinations-to-cdr", body)) <= bounds.FINDINGS + 1
