"""Every query: known to Microsoft's analyser, and of no key that the hub does not send."""

import re
from pathlib import Path

import pytest

from shared.telemetry import KEYS
from toolkit.release import bicep, kusto

QUERIES = {
    f"{path.parent.name}/{path.name}": path for folder in ("alerts", "workbook") for path in (bicep.INFRA / folder).glob("*.kql")
}


@pytest.fixture(scope="module")
def analyser() -> Path:
    where = kusto.home()
    return where or pytest.skip(kusto.ABSENT)


@pytest.mark.slow
def test_analyser_finds_nothing(analyser: Path) -> None:
    found = kusto.analyse({name: path.read_text("utf-8") for name, path in QUERIES.items()}, analyser)
    assert {name: said for name, said in found.items() if said} == {}
    assert len(found) == len(QUERIES) > 20


@pytest.mark.slow
def test_analyser_finds_what_is_wrong(analyser: Path) -> None:
    """It sees the tables, or it would find nothing anywhere."""
    wrong = {
        "column": "AppEvents | where Nme == 'hub.message'",
        "table": "AppEvent | take 1",
        "operator": "AppEvents | summarise n = count()",
        "function": "AppEvents | extend x = toSomething(Name)",
    }
    found = kusto.analyse(wrong, analyser)
    assert all(found[name] for name in wrong)


@pytest.mark.parametrize("path", QUERIES.values(), ids=QUERIES)
def test_keys_are_those_of_the_telemetry(path: Path) -> None:
    """A misspelt key would be an empty column: the alert would never fire, and nothing would say so."""
    asked = set(re.findall(r"Properties\.(\w+)", path.read_text("utf-8")))
    assert asked <= KEYS


@pytest.mark.parametrize("path", QUERIES.values(), ids=QUERIES)
def test_query_says_what_it_is(path: Path) -> None:
    assert path.read_text("utf-8").startswith("// ")
