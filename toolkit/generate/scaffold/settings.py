"""The settings of a new destination, with values for this machine: lines of ``local.settings.sample.json``."""

import json
import sys
from pathlib import Path

from shared.destinations.kinds.kind import kind_of
from shared.integration import Destination
from toolkit.say import ROOT

SAMPLE = "local.settings.sample.json"
LOCAL = {"HOST": "127.0.0.1", "PORT": "2575", "QUEUE": "sample", "ENDPOINT": "http://127.0.0.1:6500/api/events"}
ANY = "http://127.0.0.1:8080"


def add_settings(destination: Destination, root: Path) -> list[str]:
    """Add what the destination needs and the sample does not have; the names that were added."""
    path = root / SAMPLE
    held = json.loads(path.read_text(encoding="utf-8"))
    needed = {f"{destination.name}__{each.key}": each.key for each in kind_of(destination).settings if each.is_address}
    added = {name: LOCAL.get(key, ANY) for name, key in needed.items() if name not in held["Values"]}
    if added:
        held["Values"] |= added
        path.write_text(json.dumps(held, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return list(added)


if __name__ == "__main__":  # in a process of its own, which sees the new integration
    from integrations import load

    print("\n".join(add_settings(load(sys.argv[1]).destination, ROOT)))
