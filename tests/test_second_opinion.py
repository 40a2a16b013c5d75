"""The second opinion at run time: on a sample of what was delivered, after it was settled; reported, and never in the way."""

import asyncio
from typing import Any

import pytest

from shared.intake.accept import accept
from tests import ledger_world as world


@pytest.mark.slow
@pytest.mark.parametrize(("every", "opinions"), [("1", ["Patient.birthDate"]), ("0", []), ("1e18", [])])
async def test_a_disagreement_is_told_after_the_delivery(
    monkeypatch: pytest.MonkeyPatch, every: str, opinions: list[str]
) -> None:
    monkeypatch.setenv("HUB_SECOND_OPINION", every)
    emitted: list[tuple[str, dict[str, Any]]] = []
    destination = world.Remembering()
    one = world.integration(destination, transform=lambda note: {"resourceType": "Patient", "birthDate": "soon"})
    hub = world.hub(one, emit=lambda name, **keys: emitted.append((name, keys)))
    await accept(one, world.envelope(world.note("1")), hub)
    while hub.tasks:
        await asyncio.gather(*hub.tasks)
    assert len(destination.took) == 1
    assert [keys["error_code"] for name, keys in emitted if name == "hub.opinion"] == opinions
    names = [name for name, _ in emitted]
    assert not opinions or names.index("hub.opinion") > names.index("hub.message")
