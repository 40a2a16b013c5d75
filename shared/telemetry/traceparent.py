"""W3C trace context.

Source: W3C Trace Context, ``traceparent`` = ``00-<32 hex>-<16 hex>-<2 hex>``; flags are bits and are not compared.
"""

import re

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
NOTHING = re.compile(r"0+")


def parse(traceparent: str) -> tuple[str, str] | None:
    """Trace id and span id; ``None`` if the text is not a trace context, or all zeros.

    >>> parse("00-11111111111111111111111111111111-2222222222222222-03")
    ('11111111111111111111111111111111', '2222222222222222')
    >>> parse("")
    """
    found = TRACEPARENT.fullmatch(traceparent)
    return None if found is None or any(NOTHING.fullmatch(part) for part in found.groups()) else (found[1], found[2])
