"""The code tables, limits and patterns of the package, entry by entry, as they were reviewed."""

from pathlib import Path

from tests.constants import compare


def test_the_facts_in_code_are_those_that_were_reviewed(accept: bool) -> None:
    compare("shared/ledger", Path(__file__).parent, accept=accept)
