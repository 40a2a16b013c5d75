"""Texts that the code itself names: codes, versions, systems. They are public, so a reproducer may hold them."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from shared.integration import Integration
from shared.validation.nhs_number import is_nhs_number
from toolkit.migrate.reproduce.texts import texts
from toolkit.say import ROOT

LONGEST = 120


@cache
def of_the_code(package: str) -> frozenset[str]:
    """Every text of the declaration of an integration and of what all integrations share."""
    folders = (ROOT / "shared", ROOT / "integrations" / package)
    found = {text for folder in folders for path in sorted(folder.rglob("*")) for text in _texts(path)}
    return frozenset(text for text in found if len(text) <= LONGEST and not is_nhs_number(text))


def _texts(path: Path) -> Iterator[str]:
    """The texts of one file of code or of tables; samples are no part of the code."""
    if "samples" in path.parts:
        return
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from (node.value, *node.value.split("^"))
    elif path.suffix == ".json":
        yield from _values(json.loads(path.read_bytes()))
    elif path.suffix == ".tsv":
        for line in path.read_text("utf-8").splitlines():
            yield from line.split("\t")


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)
    elif isinstance(value, str):
        yield value


@cache
def of_the_samples(name: str) -> dict[str, tuple[str, ...]]:
    """Place -> the texts that the samples of an integration have there: all synthetic, and public too."""
    from integrations import load
    from toolkit.samples import samples

    integration: Integration = load(name)
    found: dict[str, dict[str, None]] = {}
    for sample in samples(integration):
        for text, places in texts(sample.body).items():
            for where in places:
                found.setdefault(where, {})[text] = None
    return {path: tuple(each) for path, each in found.items()}
