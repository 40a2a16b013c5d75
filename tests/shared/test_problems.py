"""What is taken from an error when it becomes another one."""

import asyncio

import pytest

from shared.problems import without_traceback


async def test_who_waits_after_the_same_error_goes_on() -> None:
    """One error may be raised in several coroutines that wait for one thing; the frames of those that go on are theirs."""
    begun, shared = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def wait() -> str:
        kept = "kept"
        try:
            await shared
        except OSError:
            begun.set()
            await asyncio.sleep(0.01)
        return kept

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    problem = OSError()
    shared.set_exception(problem)
    await begun.wait()
    assert problem.__traceback__
    without_traceback(problem)
    assert await waiting == "kept"


def again() -> None:
    try:
        raise KeyError
    except KeyError:
        raise OSError from None


def test_the_errors_that_it_followed_lose_theirs_too() -> None:
    with pytest.raises(OSError) as caught:
        again()
    problem = caught.value
    without_traceback(problem)
    assert problem.__traceback__ is None
    assert problem.__context__
    assert problem.__context__.__traceback__ is None
