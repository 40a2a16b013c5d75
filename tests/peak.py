"""The most memory that a block takes above what there was before it: of Python's own allocations, so on each machine the same."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(most: float) -> Iterator[None]:
    """The block takes no more than so many bytes at a time."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        yield
        taken = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert taken <= most, f"{taken:,} bytes"
