"""The benchmark of HL7 v2 in XML times both ways once; its goals are the benchmark's own business, never a test's."""

from toolkit.bench import v2xml


def test_both_ways_are_timed_beside_the_parser() -> None:
    took = v2xml.measure([v2xml.ADT], rounds=1, seconds=0)[v2xml.ADT]
    assert all(took.best(name) > 0 for name in ("lxml", *v2xml.WAYS))
