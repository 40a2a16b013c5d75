"""What only Python's search for circles of references would free: it may run several messages after the memory is needed."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def nothing_kept(longer: int, *, searched: bool = False) -> AsyncIterator[None]:
    """After the block, nothing that it made refers to a text or bytes longer than this, and no search of Python has run.

    ``searched``: one has, because a library is known to keep what it made until then.
    """
    gc.freeze()  # what was there before is not looked at, now and later: the tests freeze what pytest has collected too
    gc.disable()
    logging.disable()  # pytest keeps each record, with its error
    try:
        yield
        for _ in range(40):  # a thread that has given its result, or a connection that closes, lets it go a moment later
            if not _kept(longer):
                break
            await asyncio.sleep(0.05)
            if searched:
                gc.collect()
        assert not _kept(longer)
    finally:
        logging.disable(logging.NOTSET)
        gc.enable()


def _kept(longer: int) -> Counter[str]:
    """By the type of what refers to it."""
    return Counter(
        type(holder).__name__
        for holder in gc.get_objects()
        for each in gc.get_referents(holder)
        if isinstance(each, bytes | bytearray | str) and len(each) > longer
    )
