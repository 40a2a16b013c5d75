"""No command ends in a traceback, whatever words the command line lets through."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit import cli

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = str(ROOT / "integrations/phw_to_mpi/samples/a31_null.in.hl7")
# They start processes, install, or write into the tree when their words are right: only wrong words are given to them.
ACTING = {
    "demo",
    "setup",
    "up",
    "test",
    "bench",
    "mutate",
    "new",
    "impact",
    "guide-coverage",
    "build-fhir-tables",
    "lock",
    "package",
}
ACTING |= {"relay", "docs", "sheet", "manifest", "cost", "simulate", "site", "collection"}
WRONG = (
    "nosuch",
    "",
    " ",
    "-1",
    "0",
    "../x",
    "*",
    "[bold]",
    "MPI",
    "2026-13-45",
    "9" * 30,
    "Cymraeg ŵ",
    "\x1b[2J",
    "a=b",
    "http://[",
    ":80",
)
RIGHT = ("phw-to-mpi", SAMPLE, str(ROOT), "-", "1", "2h", "dead", "patient", "why", "http://127.0.0.1:9")
BODIES = (b"", b"MSH|^~\\&|", b"{}", b"\xff\xfe", b"<a/>", b'{"name":1}\n[]\n')


def words(command: Any) -> st.SearchStrategy[list[str]]:
    """A call of the command: a value for each argument and for some options, now and then one too many."""
    values = st.sampled_from(WRONG if command.name in ACTING else (*WRONG, *RIGHT))
    parts: list[st.SearchStrategy[list[str]]] = []
    for each in command.params:
        if each.name == "help":
            continue
        if each.param_type_name == "argument":
            parts.append(st.lists(values, min_size=1 if each.required else 0, max_size=2 if each.nargs == -1 else 1))
        elif command.name not in ACTING:
            option = st.just([each.opts[0]]) if each.is_flag else values.map(lambda value, name=each.opts[0]: [name, value])
            parts.append(st.one_of(st.just([]), option))
    return st.tuples(*parts).map(lambda found: [word for some in found for word in some])


def calls() -> Iterator[tuple[list[str], Any]]:
    for name, command in typer.main.get_command(cli.app).commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        yield from (([name, other], each) for other, each in below.items()) if below else (([name], command),)


CALLS = [
    (words, command) for words, command in calls() if command.name not in ACTING or any(each.required for each in command.params)
]


def outcome(line: list[str], body: bytes) -> int:
    """The exit status of ``./hub`` with these words; anything but an ordinary end is raised."""
    before = sys.argv, sys.stdin
    sys.argv, sys.stdin = ["hub", *line], SimpleNamespace(buffer=io.BytesIO(body), isatty=lambda: False)  # type: ignore[assignment]
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    finally:
        sys.argv, sys.stdin = before
    return 0


@pytest.mark.parametrize(("name", "command"), CALLS, ids=[" ".join(name) for name, _ in CALLS])
def test_an_ordinary_end(name: list[str], command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:9")
    monkeypatch.setattr("toolkit.commands.operate.stored.on_hub", no_storage)
    for module in ("thresholds", "send"):
        monkeypatch.setattr(f"toolkit.commands.operate.{module}.on_hub", no_storage)

    @settings(max_examples=12, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(words(command), st.sampled_from(BODIES))
    def each(given_words: list[str], body: bytes) -> None:
        assert outcome([*name, *given_words], body) in {0, 1, 2}

    each()


def no_storage(*_: object) -> None:
    raise SystemExit(1)


def test_a_traceback_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.commands.develop.check.declared", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        outcome(["check", "phw-to-mpi"], b"")
