"""``python -m relay relay.toml``: run; ``--check``: say whether the settings can be used, and end."""

import argparse
import asyncio
import json
import logging
import sys
from pathlib import Path

from relay.process import CannotStart, check, run
from relay.settings import BadSettings, read


class Lines(logging.Formatter):
    """One JSON object a line: time, level, what, and the listed keys."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        keys = {key: getattr(record, key) for key in ("listener", "port", "reason") if hasattr(record, key)}
        return json.dumps({"time": self.formatTime(record), "level": record.levelname, "event": record.getMessage(), **keys})


def main(words: list[str] | None = None) -> int:
    """Exit code 0: ended in order; 1: it could not start; 2: the settings cannot be used."""
    parser = argparse.ArgumentParser("relay", description="HL7 v2 over MLLP in, HTTPS to the hub.")
    parser.add_argument("settings", type=Path, help="the TOML file")
    parser.add_argument("--check", action="store_true", help="say whether the settings can be used, and end")
    given = parser.parse_args(words)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])  # the libraries; that of Azure has a line for each token
    logging.getLogger("relay").setLevel(logging.INFO)
    try:
        settings = read(given.settings)
        if given.check:
            check(settings)
            print(f"{given.settings}: {len(settings.listeners)} listeners can be used")
        else:
            asyncio.run(run(settings, lambda line: print(line, flush=True)))
    except BadSettings as error:
        print(f"relay: {error}", file=sys.stderr)
        return 2
    except CannotStart as error:
        print(f"relay: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
