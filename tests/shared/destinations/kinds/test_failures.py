"""The table of failures against the code that raises them."""

import ast
from pathlib import Path

import pytest

from shared.destinations.kinds.failures import kind, owner
from shared.destinations.kinds.kind import every
from shared.problems import Undelivered

ROOT = Path(__file__).resolve().parents[4]
SOURCES = [*sorted((ROOT / "shared/destinations").rglob("*.py")), *sorted((ROOT / "shared/delivery").glob("*.py"))]
ROWS = {(row.code, row.taken): row for each in every() for row in each.failures}
COMPUTED = {"status.py": 1, "mllp.py": 3}  # codes of a status, of an acknowledgement, of a line that broke


def raised() -> list[tuple[str, ast.Call]]:
    calls = [
        (path.name, node) for path in SOURCES for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)
    ]
    return [(name, call) for name, call in calls if getattr(call.func, "id", "") == "Undelivered"]


def argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((key.value for key in call.keywords if key.arg == name), None)


def test_each_code_that_is_raised_has_its_row() -> None:
    computed: dict[str, int] = {}
    for name, call in raised():
        sent, ambiguous = argument(call, "code"), argument(call, "ambiguous")
        if not isinstance(sent, ast.Constant):
            computed[name] = computed.get(name, 0) + 1
            continue
        code = sent.value
        possible = {"no"} if ambiguous is None else {"maybe"} if isinstance(ambiguous, ast.Constant) else {"no", "maybe"}
        for taken in possible - ({"no"} if code == "bad-frame" else set()):  # nothing comes back before something was sent
            row = ROWS[code, taken]
            assert kind(row.owner, row.again) == argument(call, "kind").value, code  # type: ignore[union-attr]
    assert computed == COMPUTED


def test_each_row_is_raised() -> None:
    codes = [argument(call, "code") for _, call in raised()]
    constants = {code.value for code in codes if isinstance(code, ast.Constant)}
    built = {"ack-AE", "ack-CE", "ack-AR", "ack-CR", "line-broken", "refused"}
    assert {code for code, _ in ROWS} - built <= constants


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: f"{row.code}-{row.taken}")
def test_the_owner_is_that_of_the_row(row) -> None:  # type: ignore[no-untyped-def]
    assert (
        owner(Undelivered(kind=kind(row.owner, row.again), code=row.code, text="it failed", ambiguous=row.taken == "maybe"))
        == row.owner
    )


def test_two_tables_that_have_a_code_agree_on_it() -> None:
    for (code, taken), row in ROWS.items():
        same = [one for each in every() for one in each.failures if (one.code, one.taken) == (code, taken)]
        assert {(one.owner, one.again) for one in same} == {(row.owner, row.again)}


def test_an_acknowledgement_followed_by_another_is_still_the_messages_failure() -> None:
    assert owner(Undelivered(kind="transient", code="ack-AE", text="it failed", ambiguous=True)) == "message"


@pytest.mark.parametrize(
    ("kind", "ambiguous", "expected"),
    [
        ("permanent", False, "message"),
        ("misconfigured", False, "set-up"),
        ("transient", True, "unclear"),
        ("transient", False, "destination"),
    ],
)
def test_a_code_that_no_table_has(kind, ambiguous, expected) -> None:  # type: ignore[no-untyped-def]
    assert owner(Undelivered(kind=kind, code="something-else", text="it failed", ambiguous=ambiguous)) == expected


def test_the_pages_are_in_step_with_the_tables() -> None:
    """Run ``./hub docs --write`` and read the difference."""
    from toolkit.generate.generated_docs import destination_pages

    for name, text in destination_pages().items():
        assert (ROOT / "docs" / "generated" / name).read_text("utf-8") == text
