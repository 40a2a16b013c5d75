"""``./hub codes`` on what a real integration has met."""

import asyncio
import io
import json
from collections.abc import Iterable

import pytest
from rich.console import Console

from integrations import load
from shared.delivery.upkeep import watchdog
from shared.hub import Hub
from shared.intake.accept import accept
from shared.integration import Integration
from shared.storage.memory import MemoryStore
from tests import ledger_world as world
from toolkit import screen
from toolkit.commands.operate.codes import _table, codes
from toolkit.samples import samples

NAME = "pas-adt-to-cdr"


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """A store that has accepted the sample that waits; commands work on it."""
    store, one = MemoryStore(lambda: world.NOW), load(NAME)

    async def whole() -> None:
        hub = world.hub(one, store=store)
        for sample in samples(one):
            if sample.name.startswith("waits"):
                await accept(one, sample.envelope, hub)
        while hub.tasks:
            await asyncio.gather(*hub.tasks)
        await watchdog.tick(hub)

    def connect(integrations: Iterable[Integration]) -> Hub:
        return world.hub(*integrations, store=store)

    asyncio.run(whole())
    monkeypatch.setattr("shared.hub.connect", connect)
    return store


def test_a_code_with_the_line_to_edit(met: MemoryStore, capsys: pytest.CaptureFixture[str]) -> None:
    codes(NAME, as_json=True)
    (line,) = json.loads(capsys.readouterr().out)[NAME]
    assert (line["path"], line["count"], line["waiting"], line["action"]) == ("PID-3.4", 1, 1, "wait")
    assert line["code"].startswith("hash-"), "six letters may be a name"
    file, _, number = line["place"].partition(":")
    assert file == "integrations/pas_adt_to_cdr/codes.py"
    assert int(number) > 1


def test_as_a_table(met: MemoryStore, capsys: pytest.CaptureFixture[str]) -> None:
    codes(NAME)
    assert "PID-3.4" in capsys.readouterr().out
    codes("phw-to-mpi")
    assert "no unmapped codes" in capsys.readouterr().out


def test_a_code_that_is_shown_as_a_hash_is_found_by_itself(met: MemoryStore, capsys: pytest.CaptureFixture[str]) -> None:
    codes(NAME, code="NEWPAS")
    assert "PID-3.4" in capsys.readouterr().out
    codes(NAME, code="OLDPAS")
    assert "no unmapped codes" in capsys.readouterr().out


def test_no_place_to_edit_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person copies the file and the line; on a narrow screen other columns fold."""
    place = "integrations/pas_adt_to_cdr/authorities.py:123456"
    screens = Console(file=io.StringIO(), width=40)
    monkeypatch.setattr(screen, "console", lambda: screens)
    line = {
        "path": "PID-3[2].4",
        "code": "MYRDDIN",
        "count": 1,
        "waiting": 0,
        "last": "2026-03-02T09:00",
        "action": "review",
        "place": place,
    }
    _table({"pas-adt-to-cdr": [line]})
    assert place in screens.file.getvalue()  # type: ignore[attr-defined]
