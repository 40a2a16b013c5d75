"""Loggers of libraries are silenced, because they log URLs, which name blobs and rows, and texts of exceptions.

A record of level warning or above is replaced by its place in the code. The filter is on each logger and not on the root logger,
so it works with any configuration of a host, a test or a developer.
"""

import logging

LIBRARIES = (
    "azure",
    "msal",
    "urllib3",
    "requests",
    "aiohttp",
    "asyncio",
    "opentelemetry",
    "hl7",
    "fhir",
    "jsonschema",
    "concurrent",
)


class PlaceOnly(logging.Handler):
    """Logs the logger, level and place of a record and the type of an exception; never its text."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        place = (record.name.partition(":")[0], record.levelname, record.module, record.lineno, kind.__name__ if kind else "-")
        logging.getLogger("hub.library").warning("%s %s at %s:%s %s", *place)


def silence() -> None:
    """Give the loggers of libraries only this handler. Calling it again has no effect."""
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        logger.handlers = [PlaceOnly(logging.WARNING)]
