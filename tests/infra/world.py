"""The environments as the tests see them: what the compiler makes of them, the catalogue's manifest and the runbooks."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

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


def world(environment: str, infra: Path = bicep.INFRA) -> World:
    """One environment of ``infra/`` or of a copy of it. Without a compiler the test is skipped, and says so."""
    if not bicep.compiler():
        pytest.skip(bicep.ABSENT)
    manifest = json.loads((infra / "manifest.json").read_bytes())
    is_called = "prod" if environment == bicep.RECOVERY else environment
    return World(is_called, bicep.resources(environment, infra), infra, manifest, anchors())
