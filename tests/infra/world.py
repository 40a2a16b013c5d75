"""The environments as the tests see them: what the compiler makes of them, the catalogue's manifest and the runbooks."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.infra.open_compiler import compiled
from tests.infra.resources import World
from toolkit.release import bicep

RUNBOOKS = bicep.ROOT / "docs" / "runbooks.md"
PAGES = (
    RUNBOOKS,
    *(bicep.ROOT / "docs" / f"{name}.md" for name in ("deployment", "first-day", "recovery", "scale")),
)  # the pages for the people who run the hub


@cache
def anchors() -> frozenset[str]:
    """The anchors of docs/runbooks.md, as a browser computes them."""
    headings = re.findall(r"^#+ (.*)$", RUNBOOKS.read_text("utf-8"), re.M) if RUNBOOKS.exists() else []
    return frozenset(re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings)


def world(environment: str) -> World:
    """One environment of ``infra/``. Without a compiler the test is skipped, and says so."""
    if not bicep.compiler():
        pytest.skip(bicep.ABSENT)
    is_called = "prod" if environment == bicep.RECOVERY else environment
    return World(is_called, bicep.resources(environment), bicep.INFRA, _manifest(bicep.INFRA), anchors())


def world_of_a_copy(environment: str, infra: Path) -> World:
    """One environment of a copy of ``infra/``. Raises ``Refused`` for any diagnostic of the compiler."""
    resources, template = compiled(environment, infra)
    return World(environment, resources, infra, _manifest(infra), anchors(), template)


def _manifest(infra: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((infra / "manifest.json").read_bytes())
    return read
