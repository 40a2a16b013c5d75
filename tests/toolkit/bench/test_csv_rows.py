"""The benchmark of rows makes a bundle of every row; its goals are the benchmark's own business, never a test's."""

from toolkit.bench import csv_rows


def test_every_row_is_read_by_both_and_becomes_a_bundle() -> None:
    took = csv_rows.measure(rows=3, rounds=1, seconds=0)
    assert took.best("floor") > 0
    assert took.best("ours") > 0
