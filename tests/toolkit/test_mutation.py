"""Mutation testing: which slips are planted, where, and what becomes of one that a test notices and of one that none does."""

import ast
import subprocess
from pathlib import Path

import pytest

from toolkit.mutation import run
from toolkit.mutation.operators import mutants


def slips(source: str, operator: str) -> set[str]:
    return {each.planted(source) for each in mutants(source) if each.operator == operator}


@pytest.mark.parametrize(
    ("operator", "source", "planted"),
    [
        ("comparison", "a < b", {"(a <= b)"}),
        ("comparison", "a <= b", {"(a < b)"}),
        ("comparison", "a == b", {"(a != b)"}),
        ("comparison", "a in b", {"(a not in b)"}),
        ("comparison", "a is None", {"(a is not None)"}),
        ("comparison", "a < b < c", {"(a <= b < c)", "(a < b <= c)"}),
        ("condition", "a and b", {"a", "b"}),
        ("condition", "a or b or c", {"(a or b)", "(a or c)", "(b or c)"}),
        ("condition", "not a", {"a"}),
        ("element", "x = (a, b)", {"x = (a,)", "x = (b,)"}),
        ("element", "x = {1: a, 2: b}", {"x = {1: a}", "x = {2: b}"}),
        ("element", "(a, b) = x", set()),
        ("swapped", "f(a, b, c)", {"f(b, a, c)", "f(a, c, b)"}),
        ("swapped", "f(*a, b)", set()),
        ("swapped", "x = a if b else c", {"x = (c if b else a)"}),
        ("constant", "x = 1", {"x = 2"}),
        ("constant", "x = 'é'; y = 'ŵ'", {"x = ''; y = 'ŵ'", "x = 'é'; y = ''"}),
        ("constant", "x = True", {"x = False"}),
        ("constant", "x = ''", {"x = 'x'"}),
        ("constant", '"""A docstring."""', set()),
        ("constant", "x = f'a{b}'", set()),
        ("constant", "def f(x: 'int') -> 'int': ...", set()),
        ("step", "async def f():\n    await g()\n", {"async def f():\n    pass\n"}),
        ("step", "f()", {"pass"}),
        ("guard", "def f():\n    if a:\n        return 1\n", {"def f():\n    if False:\n        return 1\n"}),
        ("guard", "if a:\n    b = 1\n", set()),
    ],
)
def test_what_is_planted(operator: str, source: str, planted: set[str]) -> None:
    assert slips(source, operator) == planted


def test_every_mutant_of_the_product_can_be_read() -> None:
    """And differs from what it was made of. Each twentieth, as there are thousands."""
    for path in sorted((run.BASELINE.parents[2] / "shared" / "ledger").glob("*.py")):
        source = path.read_text("utf-8")
        before = ast.dump(ast.parse(source))
        for each in mutants(source)[::20]:
            assert ast.dump(ast.parse(each.planted(source))) != before, (path.name, each)


CODE = """\
def is_adult(age):
    if age < 0:
        raise ValueError
    return age >= 18


def unused():
    return 7
"""
TESTS = """\
import pytest

from shared.sample import is_adult


def test_is_adult():
    assert is_adult(18) and not is_adult(17)
    with pytest.raises(ValueError):
        is_adult(-1)
"""


@pytest.mark.slow
def test_what_becomes_of_each_slip(tmp_path: Path) -> None:
    root, copy = tmp_path / "root", tmp_path / "copy"
    for name, text in {"shared/sample.py": CODE, "shared/__init__.py": "", "tests/test_sample.py": TESTS}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run("git init -q && git add -A", shell=True, cwd=root, check=True)
    found = list(run.tried(run.Copy(root, copy, ["tests"]), ["shared/sample.py"]))
    fates = {each.mutant.planted(CODE): each.fate for each in found}
    assert fates[CODE.replace("age >= 18", "(age > 18)")] == "caught"
    assert fates[CODE.replace("if age < 0", "if False")] == "caught"
    assert fates[CODE.replace("age < 0", "(age <= 0)")] == "survived"  # no test has a newborn
    assert fates[CODE.replace("return 7", "return 8")] == "not covered"
    assert (copy / "shared/sample.py").read_text() == (root / "shared/sample.py").read_text() == CODE
    assert "-    if age < 0:\n+    if (age <= 0):\n" in next(each.diff for each in found if each.fate == "survived")


def test_the_lines_that_a_change_touches(tmp_path: Path) -> None:
    def git(*command: str) -> None:
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.wales", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *command], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.py").write_text("1\n2\n3\n4\n5\n")
    (tmp_path / "shared" / "b.py").write_text("1\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "First")
    (tmp_path / "shared" / "a.py").write_text("1\n20\n3\n4\n5\n6\n7\n")
    (tmp_path / "README.md").write_text("x\n")
    assert run.changed("HEAD", tmp_path) == {"shared/a.py": {2, 6, 7}}


def test_every_survivor_that_is_accepted_has_its_reason_and_is_still_there() -> None:
    import csv

    root = run.BASELINE.parents[2]
    with run.BASELINE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert len(row["reason"].split()) >= 4
            planted = mutants((root / row["path"]).read_text("utf-8"))
            assert (row["before"], row["after"]) in {(each.before, each.after) for each in planted}
