"""The benchmark of XML times each part of the way once; its goal is the benchmark's own business, never a test's."""

from integrations import load
from toolkit.bench import xml
from toolkit.bench.floors import registration
from toolkit.samples import samples


def test_each_part_of_the_way_is_timed_beside_the_parser() -> None:
    [timed] = xml.speeds(names=[xml.FULL], rounds=1, seconds=0)
    assert all(timed.took.best(part) > 0 for part in ("lxml", "floor", "read", *xml.GOALS))


def test_every_sample_of_the_benchmark_exists() -> None:
    assert set(xml.SAMPLES) <= {sample.name for sample in samples(load(xml.NAME))}


def test_the_floor_makes_the_same() -> None:
    sample = next(each for each in samples(load(xml.NAME)) if each.name == xml.FULL)
    assert registration(sample.body) == xml.through(sample.envelope)()
