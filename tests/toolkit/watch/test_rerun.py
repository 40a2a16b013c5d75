"""A run of ``./hub watch``: the integration is loaded as its files are now, and what differs is shown by path."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

import integrations
from shared.issue import Issue
from toolkit import samples as sampled
from toolkit.commands.develop.watch import needs_new_process
from toolkit.watch import files, rerun
from toolkit.watch.rerun import Broken, Golden, Result, load, results
from toolkit.watch.show import show, show_broken

MESSAGE = b"MSH|^~\\&|W|S|HUB|HUB|20260501101112||ADT^A31^ADT_A05|1|P|2.5\rEVN|A31\rPID|||7^^^W||Sampl\rPV1||N\r"
DECLARATION = """
from integrations.watched_to_test import mapping
from shared.destinations.memory import Memory
from shared.formats.hl7v2.source import Hl7
from shared.integration import Http, Integration
from shared.validation import Hl7Profile
from shared.validation.structures import ADT_A05

PROFILE = Hl7Profile(name="watched", structures={"ADT_A05": ADT_A05})
INTEGRATION = Integration(
    name="watched-to-test", summary="", owner="", source=Hl7(versions=("2.5",), messages=("ADT^A31",)), triggers=(Http(),),
    profile=PROFILE, lane=lambda message: "", transform=mapping.made, outgoing=PROFILE, destination=Memory(),
)
"""
MAPPING = """from shared.hl7 import compose, replace

def made(m):
    return compose(m, [replace(m["MSH"], {"5": "ONE"}), *m.segments()[1:]])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An integration with one sample, outside the repository."""
    place = tmp_path / "integrations" / "watched_to_test"
    (place / "samples").mkdir(parents=True)
    (place / "__init__.py").write_text(DECLARATION)
    (place / "mapping.py").write_text(MAPPING)
    (place / "samples" / "a31.in.hl7").write_bytes(MESSAGE)
    (place / "samples" / "a31.out.hl7").write_bytes(MESSAGE.replace(b"|HUB|HUB|", b"|ONE|HUB|"))
    monkeypatch.setattr(integrations, "__path__", [*integrations.__path__, str(place.parent)])
    monkeypatch.setitem(integrations.CATALOGUE, "watched-to-test", "integrations.watched_to_test")
    monkeypatch.setattr(sampled, "ROOT", place.parent)
    yield place
    for module in [each for each in sys.modules if each.startswith("integrations.watched_to_test")]:
        del sys.modules[module]


def found() -> list[Result]:
    return list(results(load("watched-to-test")))


def test_a_save_is_seen_even_with_the_same_length_in_the_same_second(folder: Path) -> None:
    assert [each.passed for each in found()] == [True]
    (folder / "mapping.py").write_text(MAPPING.replace("ONE", "TWO"))
    (wrong,) = found()
    assert wrong.goldens[0].file == "a31.out.hl7"
    assert [(each.path, each.old, each.new) for each in wrong.goldens[0].differences] == [("MSH-5", "ONE", "TWO")]
    (folder / "mapping.py").write_text(MAPPING)
    assert [each.passed for each in found()] == [True]


def test_a_golden_file_that_is_missing_or_too_many_is_named(folder: Path) -> None:
    (folder / "samples" / "a31.out.hl7").rename(folder / "samples" / "a31.issues.json")
    assert found()[0].goldens == (Golden("a31.issues.json", extra=True), Golden("a31.out.hl7", missing=True))


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        (f"{MAPPING}    return (\n", "watched_to_test/mapping.py:5: '(' was never closed\n  return ("),
        (f"{MAPPING}\nmissing\n", "watched_to_test/mapping.py:6: NameError: name 'missing' is not defined"),
        ("import nothing_of_ours\n", "watched_to_test/mapping.py:1: ModuleNotFoundError: No module named 'nothing_of_ours'"),
    ],
    ids=["syntax", "name", "module"],
)
def test_what_cannot_be_loaded_is_one_place_and_one_reason(folder: Path, mapping: str, text: str) -> None:
    (folder / "mapping.py").write_text(mapping)
    with pytest.raises(Broken) as raised:
        load("watched-to-test")
    assert str(raised.value) == text
    (folder / "mapping.py").write_text(MAPPING)
    assert [each.passed for each in found()] == [True]


def test_a_mapping_that_breaks_is_a_fault_with_its_line(folder: Path) -> None:
    (folder / "mapping.py").write_text("def made(m):\n    return {}['code']\n")
    assert [issue.text for issue in found()[0].faults] == ["KeyError in mapping.py:2"]


def printed(results_: list[Result]) -> str:
    screen = Console(file=io.StringIO(), force_terminal=True, width=120, color_system="standard", highlight=False, emoji=False)
    show(screen, "watched-to-test", results_, 0.05)
    show_broken(screen, "mapping.py:1: [bold]\nreturn (")
    return screen.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_the_golden_is_red_and_what_was_found_is_green(folder: Path) -> None:
    (folder / "mapping.py").write_text(MAPPING.replace("ONE", "[b]\\x1bTWO"))
    text = printed(found())
    assert "MSH-5  \x1b[31m- \x1b[0m\x1b[31mONE\x1b[0m  \x1b[32m+ \x1b[0m\x1b[32m[b]\\u001bTWO\x1b[0m" in text
    assert "1 of 1 samples differ" in text
    assert "mapping.py:1: [bold]" in text


def test_everything_else_that_a_run_finds_is_shown() -> None:
    fault = Issue(severity="error", code="value", text="no such code", where="PID-8", rule="table-code")
    wrong = [Result("one", faults=(fault,)), Result("two", (Golden("two.out.hl7", missing=True), Golden("two.x", extra=True)))]
    text = printed(wrong)
    assert "no such code at PID-8 (table-code)" in text
    assert "./hub test -k watched-to-test --accept writes it" in text
    assert "is there, and nothing like it leaves" in text
    assert "no samples yet" in printed([])
    assert "1 samples as expected" in printed([Result("one")])


def test_files_that_are_new_gone_or_different_are_changed(tmp_path: Path) -> None:
    kept, gone, other = (tmp_path / name for name in ("kept", "gone", "other"))
    for path in (kept, gone, other):
        path.write_text("1")
    before = files.stamps(files.of_package(tmp_path))
    gone.unlink()
    other.write_text("22")
    (tmp_path / "new").write_text("1")
    (tmp_path / ".swap").write_text("1")
    assert files.changed(before, files.stamps(files.of_package(tmp_path))) == {gone, other, tmp_path / "new"}


def test_code_elsewhere_and_schemas_need_a_new_process(tmp_path: Path) -> None:
    assert Path(rerun.__file__) in files.of_code()
    assert [needs_new_process(tmp_path, tmp_path / name) for name in ("mapping.py", "samples/a.in.json", "schema.json")] == [
        False,
        False,
        True,
    ]
    assert needs_new_process(tmp_path, Path(rerun.__file__))
