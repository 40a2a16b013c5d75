"""The benchmark of HL7 v2 in XML times both ways on both messages, one round; its goals are the benchmark's own business."""

from toolkit.bench import v2xml


def test_both_ways_are_timed_beside_the_parser() -> None:
    timed = v2xml.measure(rounds=1)
    assert list(timed) == [v2xml.ADT, v2xml.ORU]
    assert all(took.best(name) > 0 for took in timed.values() for name in ("lxml", *v2xml.WAYS))
