"""Mutation testing: which slips are planted, where, and what becomes of one that a test notices and of one that none does."""

import ast
import gc
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from toolkit.cli import app
from toolkit.mutation import baseline, run
from toolkit.mutation.chosen import Chooser
from toolkit.mutation.copied import copy
from toolkit.mutation.covered import AT_IMPORT, Covered, moved
from toolkit.mutation.live import functions, swap
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
        ("swapped", "min(a, b)", set()),  # the same either way
        ("swapped", "random.uniform(a, b)", set()),
        ("swapped", "max(a, b, key=c)", {"max(b, a, key=c)"}),  # of two with the same key, the first
        ("swapped", "x = a if b else c", {"x = (c if b else a)"}),
        ("constant", "x = 1", {"x = 2"}),
        ("constant", "x = 'é'; y = 'ŵ'", {"x = ''; y = 'ŵ'", "x = 'é'; y = ''"}),
        ("constant", "x = True", {"x = False"}),
        ("constant", "x = ''", {"x = 'x'"}),
        ("constant", '"""A docstring."""', set()),
        ("constant", "x = f'a{b}'", set()),
        ("constant", "def f(x: 'int') -> 'int': ...", set()),
        ("constant", "K = Literal['a', 'b']", set()),
        ("element", "K = Literal['a', 'b']", set()),
        ("constant", "__all__ = ['a', 'b']", set()),
        ("element", "__all__ = ['a', 'b']", set()),
        ("element", "K = dict[str, int] | tuple[str, str]", set()),  # read by the type checker alone
        ("element", "x = d[a, b]", {"x = d[(a,)]", "x = d[(b,)]"}),
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
    for path in sorted((baseline.BASELINE.parents[2] / "shared" / "ledger").rglob("*.py")):
        source = path.read_text("utf-8")
        before = ast.dump(ast.parse(source))
        for each in mutants(source)[::20]:
            assert ast.dump(ast.parse(each.planted(source))) != before, (path.name, each)


TABLE = """\
T = {
    "a": (1, 2),
    "b": 3,
}
if (
    a == 1
    and b
):
    pass
"""


@pytest.mark.parametrize(
    ("line", "operators"),
    [
        (1, set()),  # of the whole table no row is changed
        (2, {"element", "constant"}),
        (3, {"element", "constant"}),
        (6, {"condition", "comparison", "constant"}),
        (7, {"condition"}),
    ],
)
def test_a_slip_is_in_the_lines_that_it_changes(line: int, operators: set[str]) -> None:
    """One row of a long table that a change touches is tried, and none of the others."""
    found = [each for each in mutants(TABLE) if each.lines[0] <= line <= each.lines[1]]
    assert {each.operator for each in found} == operators
    assert {each.lines for each in found} <= {(line, line)}


def test_a_row_of_a_long_table_is_shown_alone() -> None:
    (dropped,) = [each for each in mutants(TABLE) if each.operator == "element" and each.lines == (3, 3)]
    assert run.diff("a.py", TABLE, dropped) == '--- a.py\n+++ a.py\n@@ -3 @@\n-    "b": 3,\n+ (left out)\n'


def test_what_is_known_of_tests_that_are_gone_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_b.py").write_text("")
    names = ["tests/test_a.py::x", "tests/test_b.py::y"]
    covered = Covered({"tests": ["", *names], "seconds": dict.fromkeys(names, 1.0), "masks": {"shared/a.py": {"1": "6"}}})
    covered.follow(tmp_path)
    assert covered.named(covered.of("shared/a.py", [1])) == ["tests/test_b.py::y"]


def test_of_a_changed_file_the_changed_lines_are_tried(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(TABLE)
    plans = run.planned(tmp_path, ["a.py"], {"a.py": {3}})
    assert {each.mutant.lines for each in plans} == {(3, 3)}
    assert run.planned(tmp_path, ["a.py"], {"b.py": {3}}) == []
    assert len(run.planned(tmp_path, ["a.py"])) > len(plans)


def test_what_survives_the_nearest_tests_is_tried_with_more(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [run.Planned("a.py", "a < b < c", each) for each in mutants("a < b < c")]
    bounds = []

    def tried(folder: Path, covered: Covered, plans: list[run.Planned], *, bound: float, minutes: float = 0):
        bounds.append(bound)
        ran = 5 if bound > 6 else 2
        for number, (path, _, mutant) in enumerate(plans):
            fate = "caught" if bound > 6 and number == 0 else "survived"
            yield run.Tried(path, mutant, fate, "", tests=ran, of=5)

    monkeypatch.setattr(run, "tried", tried)
    found = list(run.tried_again(Path(), Covered({}), plans, bounds=(6, 60)))
    assert [(each.fate, each.tests) for each in found] == [("caught", 5), ("survived", 5)]
    assert {each.mutant for each in found} == {each.mutant for each in plans}
    assert bounds == [6, 60]
    assert [each.tests for each in run.tried_again(Path(), Covered({}), plans, bounds=(6, 0))] == [2, 2]


CODE = """\
LIMIT = 18
NAMES = {"a": 1, "b": 2}


class Kept:
    __slots__ = ("first", "second")


def is_adult(age):
    if age < 0:
        raise ValueError
    return age >= LIMIT


def named(name):
    return NAMES.get(name)


MARK = "!"


def loud(text):
    '''
    >>> loud("a")
    'a!'
    '''
    return text + MARK


def unused():
    return 7


def endless(many):
    while many > 0:
        many -= 1
    return many
"""
TESTS = """\
import pytest

from shared.sample import endless, is_adult, named


def test_is_adult():
    assert is_adult(18) and not is_adult(17)
    with pytest.raises(ValueError):
        is_adult(-1)


def test_named():
    assert named("a") == 1


def test_endless():
    assert endless(3) == 0


def test_that_fails_without_a_mutant():
    assert not is_adult(30)
"""


@pytest.mark.slow
def test_what_becomes_of_each_slip(tmp_path: Path) -> None:
    root, folder = tmp_path / "root", tmp_path / "copy"
    tree = {"shared/sample.py": CODE, "shared/__init__.py": "", "integrations/__init__.py": "", "tests/test_sample.py": TESTS}
    tree["tests/conftest.py"] = "import shared.sample\n"
    tree["pytest.ini"] = "[pytest]\naddopts = --doctest-modules --import-mode=importlib\npythonpath = .\n"
    for name, text in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "toolkit").symlink_to(Path(run.__file__).parents[1])
    subprocess.run("git init -q && git add -A", shell=True, cwd=root, check=True)
    copy(root, folder)
    (folder / "toolkit").symlink_to(Path(run.__file__).parents[1])
    covered = Covered({})
    assert covered.record(folder, ["tests", "shared/sample.py"])
    covered.follow(folder)
    plans = run.planned(folder, ["shared/sample.py"])
    found = list(run.tried(folder, covered, plans, bound=5))
    fates = {each.mutant.planted(CODE): each for each in found}
    assert len(fates) == len(plans)
    boundary = fates[CODE.replace("age >= LIMIT", "(age > LIMIT)")]
    assert (boundary.fate, boundary.by) == ("caught", "tests/test_sample.py::test_is_adult")
    assert fates[CODE.replace("if age < 0", "if False")].fate == "caught"
    assert fates[CODE.replace("age < 0", "(age <= 0)")].fate == "survived"  # no test has a newborn
    assert fates[CODE.replace("LIMIT = 18", "LIMIT = 19")].fate == "caught"  # a statement of the module itself
    assert fates[CODE.replace(', "b": 2', "").replace('"a": 1', "'a': 1")].fate == "survived"
    assert fates[CODE.replace("return 7", "return 8")].fate == "not covered"
    assert fates[CODE.replace('MARK = "!"', "MARK = ''")].fate == "caught"  # by a doctest of the module that has the mutant
    assert fates[CODE.replace("many > 0", "(many >= 0)")].fate == "caught"
    assert fates[CODE.replace('"first"', "''")].fate == "caught"  # no name of a slot: without the module no test can run
    assert (folder / "shared/sample.py").read_text() == CODE
    assert "-    if age < 0:\n+    if (age <= 0):\n" in fates[CODE.replace("age < 0", "(age <= 0)")].diff
    ((name, caught, of, _),) = run.figures(found)
    assert (name, of) == ("shared/sample.py", len(plans))
    assert 0 < caught < of


@pytest.mark.slow
def test_the_command_tries_a_sample_and_says_how_many() -> None:
    words = ["mutate", "--paths", "shared/hl7/ack.py", "--tests", "tests/shared/hl7/test_ack.py", "--sample", "2"]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code in {0, 1}, ran.output
    assert "2 of 2 mutants in" in ran.output


def test_a_function_takes_the_code_of_its_mutant(tmp_path: Path) -> None:
    """Also where it was imported by name, decorated or made by another; a statement of the module cannot be taken."""
    source = "def outer(n):\n    def inner(m):\n        return m + n\n    return inner\n\n\nTEN = 10\n"
    file = str(tmp_path / "m.py")
    space: dict[str, object] = {}
    exec(compile(source, file, "exec"), space)
    made = space["outer"](1)  # type: ignore[operator]
    gc.freeze()  # as the app does when it starts
    known = functions()[file]
    assert gc.get_freeze_count() > 0
    assert swap(file, source, source.replace("m + n", "m - n"), known)
    assert made(5) == 4
    assert not swap(file, source, source.replace("10", "11"), known)


def test_what_is_known_of_a_line_moves_with_it() -> None:
    before = "a = 1\n\n\ndef f():\n    return 2\n"
    after = "import b\n\na = 1\n\n\ndef f():\n    c = 3\n    return 4\n"
    assert moved({1: AT_IMPORT, 4: AT_IMPORT, 5: 6}, before, after) == {3: AT_IMPORT, 6: AT_IMPORT, 7: 6, 8: 6}


def test_the_nearest_tests_come_first_and_each_file_has_its_turn() -> None:
    covered = Covered({})
    covered.tests = ["", "tests/a.py::far1", "tests/a.py::far2", "tests/b.py::far", "tests/shared/hl7/test_x.py::own"]
    covered.seconds = dict.fromkeys(covered.tests[1:], 1.0)
    source = "def f(a):\n    return a > 1\n"
    covered.sources, covered.masks = {"shared/hl7/x.py": source}, {"shared/hl7/x.py": {1: AT_IMPORT, 2: 0b11110}}
    choice = Chooser(covered, 2.0).choose("shared/hl7/x.py", mutants(source)[0])
    assert choice.tests[0] == "tests/shared/hl7/test_x.py::own"
    assert choice.of == 4
    assert not choice.anew


def test_every_file_of_the_package_has_its_turn_before_one_of_them_has_all_the_time() -> None:
    """The file with the most quick tests is seldom the one that looks at the changed line."""
    own, quick = "tests/shared/hl7/test_x.py::a", [f"tests/shared/hl7/test_quick.py::{n}" for n in range(50)]
    slower, far = [f"tests/shared/hl7/test_slower.py::{n}" for n in range(4)], [f"tests/{n}.py::a" for n in range(60)]
    covered = Covered({})
    covered.tests = ["", own, *quick, *slower, *far]
    covered.seconds = {**dict.fromkeys(covered.tests[1:], 0.1), **dict.fromkeys(slower, 0.12)}
    source = "def f(a):\n    return a < 1\n"
    covered.sources, covered.masks = {"shared/hl7/x.py": source}, {"shared/hl7/x.py": {2: (1 << len(covered.tests)) - 2}}
    chosen = Chooser(covered, 2.0).choose("shared/hl7/x.py", mutants(source)[0]).tests
    assert chosen[0] == own
    assert {*slower} < {*chosen}
    assert len({*far} & {*chosen}) >= 4
    assert sum(covered.seconds[each] for each in chosen) <= 2.2


def test_a_value_of_a_module_has_the_tests_of_its_folder_too() -> None:
    covered = Covered({})
    covered.tests = ["", "tests/a.py::far", "tests/shared/hl7/test_y.py::near"]
    covered.seconds = dict.fromkeys(covered.tests[1:], 1.0)
    source = "LIMIT = 1\n"
    covered.sources, covered.masks = {"shared/hl7/x.py": source}, {"shared/hl7/x.py": {1: AT_IMPORT}}
    choice = Chooser(covered, 2.0).choose("shared/hl7/x.py", mutants(source)[0])
    assert (choice.tests, choice.anew) == (["tests/shared/hl7/test_y.py::near"], True)


def test_the_golden_of_the_constants_of_a_package_is_tried_first() -> None:
    """It is one test, and notices a changed value of any module of the package."""
    covered = Covered({})
    covered.tests = ["", "tests/a.py::user", "tests/shared/hl7/test_a.py::near", "tests/shared/hl7/test_constants.py::golden"]
    covered.seconds = {"tests/a.py::user": 0.1, "tests/shared/hl7/test_a.py::near": 0.1, covered.tests[3]: 9.0}
    source = "LIMIT = 1\n"
    covered.sources, covered.masks = {"shared/hl7/syntax/x.py": source}, {"shared/hl7/syntax/x.py": {1: 0b10}}
    assert Chooser(covered, 2.0).choose("shared/hl7/syntax/x.py", mutants(source)[0]).tests[0] == covered.tests[3]


def test_the_test_that_imports_a_module_first_is_not_the_only_one_to_notice() -> None:
    covered = Covered({})
    covered.tests = ["", "tests/a.py::imports", "tests/shared/hl7/test_y.py::near"]
    covered.seconds = dict.fromkeys(covered.tests[1:], 1.0)
    source = "LIMIT = 1\n"
    covered.sources, covered.masks = {"shared/hl7/x.py": source}, {"shared/hl7/x.py": {1: 0b10}}
    choice = Chooser(covered, 9.0).choose("shared/hl7/x.py", mutants(source)[0])
    assert (set(choice.tests), choice.anew) == ({"tests/a.py::imports", "tests/shared/hl7/test_y.py::near"}, True)


def test_a_line_that_no_recorded_test_runs_is_left_out_and_not_called_a_survivor(capsys: pytest.CaptureFixture[str]) -> None:
    from toolkit.commands.develop.mutate import _with_tests

    covered = Covered({})
    covered.masks = {"shared/b.py": {1: AT_IMPORT, 2: 0b10}}
    source = "a < b\nc < d\n"
    plans = [run.Planned("shared/b.py", source, each) for each in mutants(source)]
    assert [each.mutant.first for each in _with_tests(plans, covered)] == [2]
    assert "1 of 2 mutants are left out" in capsys.readouterr().out


def test_a_sample_is_the_same_again_and_of_each_package() -> None:
    plans = [
        run.Planned(path, "a < b\n", each) for path in ("shared/hl7/a.py", "shared/b.py") for each in mutants("a < b < c < d")
    ]
    first, again = (run.sampled(plans, 2, 1) for _ in range(2))
    assert first == again
    assert sorted(run.package(each.path) for each in run.sampled(plans, 2, 1)) == ["shared/b.py"] * 2 + ["shared/hl7"] * 2


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
    root = baseline.BASELINE.parents[2]
    accepted = baseline.accepted()
    there = set[baseline.Survivor]()
    for file in {each.file for each in accepted}:
        source = (root / file).read_text("utf-8")
        there |= {baseline.survivor(file, source, mutant) for mutant in mutants(source)}
    assert [each for each, reason in accepted.items() if len(reason.split()) < 4] == []
    assert accepted.keys() - there == set()
