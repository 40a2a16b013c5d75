"""The committed tables are what the build step makes."""

import pytest

from toolkit.generate import build_hl7_tables as build


@pytest.mark.slow
@pytest.mark.parametrize("version", build.VERSIONS)
def test_the_committed_tables_are_made_by_the_build_step(version: str) -> None:
    path = build.OUT / f"{version}.tsv"
    made = list(build.lines(version, build.of_committed(path)))
    assert made == path.read_text(encoding="utf-8").splitlines()
    assert path.stat().st_size < 60_000


@pytest.mark.slow
@pytest.mark.parametrize("version", build.VERSIONS)
def test_the_committed_groups_are_made_by_the_build_step(version: str) -> None:
    made = list(build.group_lines(version))
    assert made == (build.GROUPS / f"{version}.tsv").read_text(encoding="utf-8").splitlines()
