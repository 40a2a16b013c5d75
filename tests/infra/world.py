"""The environments as the tests see them: what the compiler makes of them, the catalogue's manifest and the runbooks."""

import json
import re
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from tests.infra import open_compiler
from tests.infra.resources import Resource, World
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
    return World(is_called, resources(environment), bicep.INFRA, _manifest(bicep.INFRA), anchors(), template)


def resources(environment: str) -> list[Resource]:
    """The resources of an environment: as they are kept, else by the compiler that is open already."""
    return bicep.resources(environment, evaluate=open_compiler.snapshot)


def template() -> Resource:
    """The compiled template of ``infra/``, in the same way."""
    return bicep.template(compile=partial(open_compiler.template, "prod"))


def world_of_a_copy(environment: str, infra: Path, *, with_warnings: bool = True) -> World:
    """One environment of a copy of ``infra/``. Raises ``Refused`` for any diagnostic of the compiler.

    Args:
        with_warnings: compile the template at once, which alone shows them; otherwise only for an invariant that reads it.
    """
    compile = cache(lambda: open_compiler.template(environment, infra))
    seen = World(environment, open_compiler.resources(environment, infra), infra, _manifest(infra), anchors(), compile)
    if with_warnings:
        compile()
    return seen


def _manifest(infra: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((infra / "manifest.json").read_bytes())
    return read
