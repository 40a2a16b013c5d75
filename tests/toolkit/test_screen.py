"""What a message, a sender or a destination chose does nothing on a terminal, on a page or in a log."""

import csv
import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formats.csv.acknowledgement import lines
from shared.issue import Issue, Verdict
from shared.ops.render import render
from toolkit import screen
from toolkit.commands.develop import check
from toolkit.commands.operate import dead, ledger, send, trace
from toolkit.say import say

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [
    *("[/b]X", "[/]", "[bold red]X", "[link=https://x.example]X[/link]", "\\[b]", "a\\", ":smile:", "[[", "]", "[@click=x]y[/]"),
    *(
        "\x1b[2J\x1b[H",
        "\x1b]0;title\x07",
        "\x1b]8;;https://x.example\x1b\\X",
        "\x9b2J",
        "\x9d0;x\x9c",
        "\x08\x08",
        "\x7f",
        "\x00",
    ),
    *("a\rb", "a\nb", "a\tb", "\x0b", "\x0c", "\u202eabc", "\u2066abc", "\u200b", "\ufeff", "\u2028", "\ud800", "\U000e0041"),
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "{% raw %}", "=1+1", "%s %d", "{0}"),
]
FORBIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def acting(text: str) -> set[str]:
    """Characters that a terminal acts on, or that change what a reader sees."""
    return {each for each in text if unicodedata.category(each) in FORBIDDEN and each not in "\n\t"}


def story(text: str) -> dict[str, Any]:
    names = ("control", "sender", "facility", "outcome", "code", "rules", "where", "reference", "correlation_id", "partner", "id")
    whole = {**dict.fromkeys(names, text), "attempts": 1, "at": 1.0, "ended": 2.0}
    return {**whole, "history": [dict(whole)]}


def test_no_character_that_acts_is_left_out() -> None:
    assert not acting(screen.plain("".join(map(chr, range(sys.maxunicode + 1)))))


@given(st.text())
def test_nothing_that_acts_is_left(text: str) -> None:
    assert not acting(screen.plain(text))
    assert not acting(screen.line(text)) | ({"\n", "\t"} & set(screen.line(text)))
    assert screen.cell(text).plain == screen.line(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_says_the_same_and_nothing_acts(value: Any) -> None:
    for indent in (None, 2):
        text = screen.as_json(value, indent=indent)
        assert not acting(text)
        assert json.loads(text) == value


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["dead list", "trace", "send", "ledger", "say", "check"])
def test_a_command_shows_it_as_it_is_spelt(name: str, text: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "2000")
    shows: dict[str, Any] = {
        "dead list": lambda: dead._table({"x": [story(text)]}),
        "trace": lambda: trace._print({"x": [story(text)]}),
        "send": lambda: sys.stdout.write(screen.plain(send._text({"status": 200, "answer": text, "outcome": {"code": text}}))),
        "ledger": lambda: ledger._print({"x": [text]}, False, lambda lines: screen.inside("; ".join(lines))),
        "say": lambda: say(text),
        "check": lambda: check.answer_all(lambda body: verdict(text), "-", False, False, False),
    }
    monkeypatch.setattr(check, "read", lambda file: b"")
    try:
        shows[name]()
    except SystemExit:
        assert name == "check"
    printed = "".join(capsys.readouterr())
    assert not acting(printed)
    spelt = screen.line(text) if name in ("dead list", "trace", "ledger") else screen.plain(text.replace("\r", "\n"))
    assert spelt.strip() in printed or name == "say"


def verdict(text: str) -> dict[str, Any]:
    issue = dict.fromkeys(("severity", "rule", "code", "where", "text"), text)
    return {"acknowledgement": "AE", "accepted": False, "issues": [issue], "outgoing": [{"content_type": text, "body": text}]}


@pytest.mark.parametrize("text", HOSTILE)
def test_content_acts_on_no_terminal_and_is_exact_in_a_file(text: str, monkeypatch: Any, capsysbinary: Any) -> None:
    body = text.encode("utf-8", "surrogatepass")
    dead._write(body)
    assert capsysbinary.readouterr().out == body
    monkeypatch.setattr(dead.sys.stdout, "isatty", lambda: True, raising=False)
    dead._write(body)
    assert not acting(capsysbinary.readouterr().out.decode())


def test_every_command_prints_json_and_tables_through_the_screen() -> None:
    """A command that prints without it would be missed above."""
    for path in (ROOT / "toolkit" / "commands").rglob("*.py"):
        source = path.read_text("utf-8")
        assert not re.search(r"(print|echo|write)\(json\.dumps", source), path.name
        assert path.name in ("cost.py", "demo.py", "up.py") or not re.search(r"\bConsole\(", source), path.name


def test_a_table_that_people_open_has_no_formula() -> None:
    """The one table that leaves for a spreadsheet is the acknowledgement of a file of rows; its cells are the hub's own words."""
    issue = Issue(severity="error", code="value", where="column[7]", text="a text of ours", rule="some-rule")
    rows = csv.reader(lines(Verdict("AE", (issue,)), "2").decode().splitlines())
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_no_other_csv_is_written() -> None:
    """Code that writes another one must keep a value from being read as a formula (=, +, -, @, tab)."""
    sources = [path for folder in ("shared", "integrations", "toolkit", "relay") for path in (ROOT / folder).rglob("*.py")]
    found = [path.relative_to(ROOT) for path in sources if re.search(r"csv\.(writer|DictWriter)", path.read_text("utf-8"))]
    assert [str(path) for path in found] == ["shared/formats/csv/row.py"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_shows_it_as_text(text: str) -> None:
    from shared.ops.access import Person
    from shared.ops.figures.facts import Found, Journey, Step

    shown_text = text.encode("utf-8", "replace").decode()
    found = Found("x", shown_text, shown_text, shown_text, "2026-05-01T09:30:00Z", 1, shown_text, True)
    journey = Journey(found, shown_text, (Step("2026-05-01", shown_text, shown_text),))
    who = Person("sample", "admin")
    frame = {"who": who, "roles": (), "base": "/api/ops", "other": "cy", "here": "/api/ops", "problems": (), "token": ""}
    page = render("message.html", "en", **frame, heading="", kind="", journey=journey, done="", refused=()).decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "{{ 7" in page or "7 * 7" not in text
