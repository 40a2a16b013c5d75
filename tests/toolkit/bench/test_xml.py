"""The benchmark of XML times every sample, one round; its goal is the benchmark's own business, never a test's."""

from toolkit.bench import xml


def test_every_sample_is_timed() -> None:
    timed = xml.speeds(rounds=1)
    assert all(each.parser > 0 and each.read > 0 and each.checked > 0 for each in timed)
    assert {"mpi_registration", "mpi_utf_16_comment_before_root"} <= {each.sample for each in timed}
