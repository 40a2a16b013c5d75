"""The environments as the tests see them: the snapshots in git, the catalogue's manifest and the runbooks."""

import json
import re
from functools import cache
from pathlib import Path

from tests.infra.policy import World
from toolkit import bicep

OPERATIONS = bicep.ROOT / "docs" / "operations.md"


@cache
def anchors() -> frozenset[str]:
    """The anchors of docs/operations.md, as a reader's browser knows them."""
    headings = re.findall(r"^#+ (.*)$", OPERATIONS.read_text("utf-8"), re.M) if OPERATIONS.exists() else []
    return frozenset(re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings)


def world(environment: str, infra: Path = bicep.INFRA) -> World:
    """One environment, from the snapshot that lies in a copy of infra/."""
    manifest = json.loads((infra / "manifest.json").read_bytes())
    return World(environment, bicep.resources(environment, infra), manifest, anchors())
