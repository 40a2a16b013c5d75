"""The facts of every kind of destination agree with its code and with its simulator."""

import dataclasses
import re
from pathlib import Path
from types import ModuleType

import pytest

from shared.destinations.kinds import modules
from shared.destinations.kinds.kind import Kind, kind_of
from toolkit.local.simulated import made

ROOT = Path(__file__).resolve().parents[4]
EVERY = list(modules())
READ = re.compile(r"\{(?:self\.)?name\}__([A-Z_]+)")


def classes(module: ModuleType) -> list[type]:
    """The classes that an integration may declare."""
    return [each for each in vars(module).values() if isinstance(each, type) and getattr(each, "kind", None) is module.KIND]


@pytest.mark.parametrize("module", EVERY, ids=lambda each: each.__name__)
def test_one_class_declares_the_kind(module: ModuleType) -> None:
    assert isinstance(module.KIND, Kind)
    (declared,) = classes(module)
    assert kind_of(declared("X")) is module.KIND
    assert {"name", "takes_synthetic"} <= {each.name for each in dataclasses.fields(declared)}


def test_every_setting_that_is_read_is_declared_and_every_declared_one_is_read() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "shared" / "destinations").rglob("*.py")]
    declared = {setting.key for module in EVERY for setting in module.KIND.settings}
    assert {key for text in sources for key in READ.findall(text)} <= declared
    assert [key for key in declared if not any(f'"{key}"' in text or f"__{key}" in text for text in sources)] == []


@pytest.mark.parametrize("module", [each for each in EVERY if each.KIND.simulator], ids=lambda each: each.__name__)
async def test_a_simulator_sets_the_address_of_its_kind(module: ModuleType) -> None:
    simulator = made(module.KIND.simulator)
    await simulator.start()
    try:
        values = {f"X__{key}": value for key, value in simulator.settings.items()}
    finally:
        await simulator.stop()
    assert module.KIND.is_set("X", values)
    assert not module.KIND.is_set("X", {})
    assert set(simulator.settings) <= {setting.key for setting in module.KIND.settings}


def test_every_destination_of_a_new_integration_is_simulated() -> None:
    """``./hub up`` delivers what ``./hub new`` writes; the destination of tests alone needs nothing outside its process."""
    assert [each.__name__ for each in EVERY if not each.KIND.simulator] == ["shared.destinations.memory"]
