"""The texts, limits and names of the package, entry by entry, as they were reviewed."""

from pathlib import Path

from tests.constants import compare


def test_the_facts_in_code_are_those_that_were_reviewed(accept: bool) -> None:
    compare("shared/partner_docs", Path(__file__).parent, accept=accept)
