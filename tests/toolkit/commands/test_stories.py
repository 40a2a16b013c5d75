"""Lists of messages on the terminal: ids are whole, times are ISO 8601, filters."""

import io
import json
import time

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from toolkit import cli, screen
from toolkit.commands.operate import stories, trace

ID = "1-49dfc7ea9cdb1395cd7b62a61a54e828.d310f92d76c4d72dc6bd7491f21e8b42"
OLD = {"id": ID, "at": 1000.0, "ended": 0, "outcome": "dead", "history": [{"at": 900.5, "outcome": "dead"}]}
NEW = {"id": "2", "at": time.time(), "due": 5, "outcome": "waiting"}


@pytest.mark.parametrize("width", [20, 80, 300])
def test_an_id_is_never_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    screens = Console(file=io.StringIO(), width=width)
    monkeypatch.setattr(screen, "console", lambda: screens)
    screen.show_table(("reason", "id"), [("a very long reason that folds " * 3, ID), ("", "2")], whole=("id",), empty="none")
    printed = screens.file.getvalue()  # type: ignore[attr-defined]
    assert ID in printed
    assert printed.replace(ID, "").count("reason") == 4


def test_an_empty_list_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    screens = Console(file=io.StringIO(), width=80)
    monkeypatch.setattr(screen, "console", lambda: screens)
    screen.show_table(("id",), [], empty="no dead letters")
    assert screens.file.getvalue() == "no dead letters\n"  # type: ignore[attr-defined]


def test_times_are_iso_also_in_the_history(capsys: pytest.CaptureFixture[str]) -> None:
    stories.print_json({"a": [OLD]})
    [shown] = json.loads(capsys.readouterr().out)["a"]
    assert shown["at"] == screen.iso(1000.0)
    assert shown["ended"] is None
    assert shown["history"][0]["at"] == screen.iso(900.5)
    assert OLD["at"] == 1000.0


def test_filters() -> None:
    found = {"a": [OLD, NEW], "b": []}
    assert stories.chosen(found) == found
    assert stories.chosen(found, since="1h") == {"a": [NEW], "b": []}
    assert stories.chosen(found, since="1970-01-01T00:16:40Z") == found
    assert stories.chosen(found, since="1970-01-01T00:16:41Z") == {"a": [NEW], "b": []}
    assert stories.chosen(found, outcome="dead") == {"a": [OLD], "b": []}


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "5 weeks", "9" * 400 + "d"])
def test_a_time_that_is_none(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        stories.moment(text)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400)])
def test_an_age(text: str, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 100_000.0)
    assert stories.moment(text) == 100_000.0 - seconds


def test_an_outcome_that_is_none() -> None:
    with pytest.raises(typer.BadParameter, match="delivered"):
        stories.known_outcome("lost")
    assert stories.known_outcome("waiting") == "waiting"


def test_the_times_of_the_attempts_are_written_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    tried = [{"at": 1000.0, "result": "delivered", "code": "ack-AA", "ms": 8}]
    stories.print_json({"a": [{"id": "1", "tried": tried}]})
    [story] = json.loads(capsys.readouterr().out)["a"]
    assert story["tried"] == [{"at": "1970-01-01T00:16:40.000+00:00", "result": "delivered", "code": "ack-AA", "ms": 8}]


def test_each_attempt_is_a_line_of_its_own() -> None:
    tried = [
        {"at": 1000.0, "result": "waiting", "code": "timeout", "ms": 30_000},
        {"at": 1060.0, "result": "delivered", "code": "ack-AA", "ms": 8},
    ]
    assert trace.lines({"id": "1", "outcome": "delivered", "ended": 0, "tried": tried}) == [
        ("outcome", "delivered"),
        ("attempt 1", "1970-01-01T00:16:40.000+00:00 waiting timeout 30000 ms"),
        ("attempt 2", "1970-01-01T00:17:40.000+00:00 delivered ack-AA 8 ms"),
    ]


@pytest.mark.parametrize(("by", "says"), [("control", "by its control id; other ids: --by id"), ("id", "by its id\n")])
@pytest.mark.parametrize("more", [[], ["--spans"]])
def test_a_message_that_is_not_there_is_not_called_one_without_spans(
    by: str, says: str, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "on_store", lambda names, look: {})
    found = CliRunner().invoke(cli.hub(["trace"]), ["trace", "X", "--by", by, *more])
    assert found.exit_code == 1
    assert says in found.output
