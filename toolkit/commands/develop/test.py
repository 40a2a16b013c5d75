"""``./hub test``: the tests, fast ones first; ``--fast`` runs those that matter for the change at hand."""

import os
import re
import sys
import time
from collections.abc import Iterable
from typing import Annotated

import typer

from toolkit.say import ROOT, say, stop

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
PLUGIN = ("-p", "toolkit.testing.plugin")
FAST_SECONDS = 22  # of the 30 that --fast may take; the rest is start and collection
# With these alone all tests of a tier run, so several workers share them. Anything else is a look at some tests: one process.
WHOLE = re.compile(r"-m|not slow|slow|-x|-q|-v+|-r\w+|--maxfail=\d+|--durations=\d+|--cov.*")
NAMES = re.compile(r"\bnot\s+\S+|\b(?:and|or)\b|[()]")


def test(
    context: typer.Context,
    fast: Annotated[bool, typer.Option("--fast", help="Only the tests nearest to the change, in 30 seconds.")] = False,  # noqa: PT028
) -> None:
    """Run the tests, fast ones first; further arguments are pytest's (-k, -m "not slow", ...)."""
    began = time.time()
    arguments = list(context.args)
    os.chdir(ROOT)
    unknown = unknown_name(arguments)
    if unknown:
        stop(f"no test has {unknown!r} in its name")
    if fast:
        arguments = [*_nearest(began), *arguments]
    else:
        _prepare()
    # The tests start hundreds of Python processes: without its bytecode each compiles the whole hub again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    workers = ["-n", workers_of(arguments, fast)] if fast or is_whole(arguments) else []
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *PLUGIN, *workers, *arguments])


def _prepare() -> None:
    """Install what the slow tests need."""
    from toolkit.commands.develop.setup import for_tests
    from toolkit.local import azurite

    for_tests()
    try:
        azurite.program()
    except SystemExit:
        say("the tests that need storage will fail")


def is_whole(arguments: Iterable[str]) -> bool:
    return all(WHOLE.fullmatch(each) for each in arguments)


def workers_of(arguments: Iterable[str], fast: bool = False) -> str:
    """One more than there are cores, because some tests wait for a program or a clock; with slow tests two more.

    For ``--fast`` one for each core: its seconds are few, and each worker collects the tests first.
    """
    cores = max(2, os.cpu_count() or 2)
    return str(cores if fast else cores + 1 if "not slow" in arguments else cores + 2)


def _nearest(began: float) -> list[str]:
    """pytest's arguments for the tests nearest to the change; the order and the end go by the environment to the workers."""
    from toolkit.testing.nearest import changed, nearest
    from toolkit.testing.order import NEAREST
    from toolkit.testing.plugin import SECONDS

    paths = changed()
    files = nearest(paths)
    say(f"{len(paths)} changed files: the nearest {len(files)} test files, for at most 30 s; all of them: ./hub test")
    os.environ[NEAREST] = "\n".join(files)
    os.environ[SECONDS] = str(began + FAST_SECONDS)
    return ["-m", "not slow", *files]


def unknown_name(arguments: list[str]) -> str:
    """The expression of ``-k`` when no part of it occurs in any test file or sample's name: known before anything is collected.

    Ids are made of names, numbers and texts of the source; each word of letters is looked for on its own.
    """
    expression = next((arguments[n + 1] for n, each in enumerate(arguments[:-1]) if each == "-k"), "")
    pieces = re.findall(r"[a-z]{3,}", NAMES.sub(" ", expression).lower())
    if not pieces:
        return ""
    paths = [path for folder in ("tests", "shared", "integrations") for path in (ROOT / folder).rglob("*")]
    if any(piece in str(path.relative_to(ROOT)).lower() for path in paths for piece in pieces):
        return ""
    sources = (path.read_text(encoding="utf-8").lower() for path in paths if path.suffix == ".py")
    return "" if any(piece in text for text in sources for piece in pieces) else expression
