"""Loggers of libraries say nothing of their own: they write URLs, which name blobs and rows, and texts of exceptions.

What they report at warning or above is passed on by the place in their code alone. Cutting them off here, and not by levels of
the root logger, holds whatever a host, a test or a developer sets there.
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
    """Passes a record on as logger, level and place, with the type of an exception; never its text."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        told = (record.name.partition(":")[0], record.levelname, record.module, record.lineno, kind.__name__ if kind else "-")
        logging.getLogger("hub.library").warning("%s %s at %s:%s %s", *told)


def silence() -> None:
    """Cut the loggers of libraries off from every handler but ours; idempotent."""
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        logger.handlers = [PlaceOnly(logging.WARNING)]
