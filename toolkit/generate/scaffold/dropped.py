"""Why a new integration leaves elements of its samples out: ``dropped.py``, from ``toolkit/templates/dropped.csv``."""

import csv
from functools import cache

from toolkit.generate.scaffold.declaration import TEMPLATES
from toolkit.generate.scaffold.kinds import Kinds

HEAD = '"""Why elements are not mapped; ``[2]`` means every repetition after the first."""\n\n'


def dropped(kinds: Kinds) -> str:
    """The text of ``dropped.py``; ``""`` if the mapping leaves nothing out."""
    found = [row for row in rows() if row["mapping"] == kinds.mapping and row["type"] in ("*", kinds.code)]
    parts = "".join(f"    **dict.fromkeys({tuple(row['paths'].split())!r}, {row['reason']!r}),\n" for row in found)
    return f"{HEAD}DROPPED: dict[str, str] = {{\n{parts}}}\n" if found else ""


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The rows of the table: mapping, type of message (``*``: any), reason, paths."""
    return tuple(csv.DictReader((TEMPLATES / "dropped.csv").open(encoding="utf-8")))
