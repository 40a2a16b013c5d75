"""``./hub test``: every test; arguments go to pytest."""

import os
import sys

import typer

from toolkit.say import ROOT, say

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


def test(context: typer.Context) -> None:
    """Run every test. Further arguments go to pytest (-k, -m "not slow", ...)."""
    from toolkit import azurite
    from toolkit.commands.setup import for_tests

    for_tests()
    try:
        azurite.program()
    except SystemExit:
        say("tests that need storage will fail")
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *context.args])
