"""The benchmark of rows makes a bundle of every row; its goals are the benchmark's own business, never a test's."""

from toolkit.bench import csv_rows


def test_every_row_is_read_by_both_and_becomes_a_bundle() -> None:
    took = csv_rows.measure(rounds=1, seconds=0.001)
    assert took.speed("floor") > 0
    assert csv_rows.speed_of_a_core(rounds=1) > 0
