"""Limits for a process that tries a mutant: seconds of the processor, and of its own time.

Its own time is that of the clock without the time in which it could have run but other processes had the processors. So a busy
machine changes no result.
"""

import os
import resource
import select
import signal
import time
from contextlib import suppress
from pathlib import Path

SLOWER = 10.0  # times as long as it took without the mutant a test may take
LEAST = 5.0  # seconds of the processor that every test may use
ASLEEP = 30.0  # seconds of its own time that a process may wait for something, without any work


def allow(seconds: float) -> None:
    """From here on this process may use the processor for so long; then the system ends it."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + SLOWER * seconds + LEAST + 1), resource.RLIM_INFINITY))


def end_of(child: int, seconds: float) -> int | None:
    """The exit code of a child, which is ended with its group at last; ``None``: it did not end within the limits.

    Args:
        seconds: of the processor that its tests took without the mutant.
    """
    handle, began, code = os.pidfd_open(child), time.monotonic(), None
    own = worked = last = 0.0
    try:
        while own < 3 * (SLOWER * seconds + LEAST) + ASLEEP and own - last < ASLEEP:
            if select.select([handle], [], [], 1.0)[0]:
                break
            now, own = ran(child), time.monotonic() - began - waited(child)
            if now - worked > 0.01:
                worked, last = now, own
    finally:
        os.close(handle)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code


def ran(process: int) -> float:
    """Seconds in which a process had a processor; 0 where the system does not say."""
    return _scheduled(process, 0)


def waited(process: int) -> float:
    """Seconds in which a process could have run but had no processor; 0 where the system does not say."""
    return _scheduled(process, 1)


def _scheduled(process: int, place: int) -> float:
    with suppress(OSError, ValueError):
        return int(Path(f"/proc/{process}/schedstat").read_text("ascii").split()[place]) / 1e9
    return 0.0
