"""What the house holds itself to, measured: short functions, files with one purpose, synthetic data only."""

import ast
import re
import statistics
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from shared.validation import nhs_number

ROOT = Path(__file__).resolve().parent.parent
TEXT = {".py", ".md", ".hl7", ".json", ".csv", ".xml", ".txt", ".kql", ".bicep", ".yml", ".yaml", ".toml", ".html"}
TEN_DIGITS = re.compile(r"(?<![\w.\-])\d{10}(?![\w.\-])")
QUOTED = re.compile(r"(?<=[\"'|~^])\d{10}(?=[\"'|~^])")  # in code, a bare number is a time
MOST_USED_ONCE = 0.233  # of all functions: may go down, not up
FOREIGN = re.compile(r"/work/|/tmp/bash|registry\.npmjs|pypi\.org|deb\.debian", re.IGNORECASE)


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return tuple(ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file())


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8", "replace")


def found_in(path: Path, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """What a pattern finds in a file, each with its line: one search of the whole text, because lines are many."""
    text = text_of(path)
    return ((text.count("\n", 0, each.start()) + 1, each[0]) for each in pattern.finditer(text))


def python(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in tracked():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders:
            yield path, ast.parse(text_of(path))


Function = ast.FunctionDef | ast.AsyncFunctionDef
PRODUCT = ("shared", "integrations", "toolkit", "relay", "function_app.py")


@cache
def shapes() -> tuple[dict[Path, list[Function]], dict[Path, Counter[str]]]:
    """The functions of each file of the product, and how often the file uses each name."""
    found: dict[Path, list[Function]] = {}
    used: dict[Path, Counter[str]] = {}
    for path, tree in python(*PRODUCT):
        nodes = list(ast.walk(tree))
        found[path] = [node for node in nodes if isinstance(node, Function)]
        used[path] = Counter(node.id for node in nodes if isinstance(node, ast.Name))
        used[path].update(node.attr for node in nodes if isinstance(node, ast.Attribute))
    return found, used


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """What is kept for several tests is large, and would be looked through for garbage until the end of the run."""
    yield
    shapes.cache_clear()
    text_of.cache_clear()


def used_once() -> list[str]:
    """Private functions whose name occurs once in their file: each has one call site."""
    found, used = shapes()
    return [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, functions in found.items()
        for node in functions
        if re.match("_(?!_)", node.name) and not node.decorator_list and used[path][node.name] == 1
    ]


def length(node: Function) -> int:
    """Lines of a function without its docstring."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    doc = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or 0) - node.lineno + 1 - doc


def test_functions_are_short() -> None:
    lengths = sorted(length(node) for functions in shapes()[0].values() for node in functions)
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 25


def test_few_private_functions_have_one_call_site() -> None:
    """A helper that is called once needs a name that says more than its lines do; other lines stay where they are read."""
    every = sum(map(len, shapes()[0].values()))
    assert len(used_once()) / every <= MOST_USED_ONCE, "\n".join(used_once())


def test_public_functions_of_the_library_say_what_they_do() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, tree in python("shared")
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and (not isinstance(node, ast.ClassDef) and length(node) > 8)
    ]
    assert not silent


# What has more parts than a reader can count: each argument is named.
BY_NAME = {"Issue": 0, "Envelope": 0, "Outgoing": 2, "Answer": 2, "Undelivered": 2, "Identity": 2, "SignIn": 2}


CALLED = re.compile(rf"\b(?:{'|'.join(BY_NAME)})\(")


def test_arguments_are_given_by_name() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.func.id}"
        for path in tracked()
        if path.suffix == ".py" and CALLED.search(text := path.read_text("utf-8"))  # the others need no parsing
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > BY_NAME.get(node.func.id, 99)
    ]
    assert not found, "\n".join(found)


def is_synthetic(digits: str) -> bool:
    """The test range begins 999 and none begins with 0; anything else that passes the check digit might be somebody's."""
    return digits.startswith(("999", "0")) or not nhs_number.is_nhs_number(digits)


def test_no_number_that_could_be_a_real_nhs_number() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in tracked()
        if path.suffix in TEXT and "package-lock" not in path.name and path != Path(__file__).resolve()
        for line, digits in found_in(path, QUOTED if path.suffix == ".py" else TEN_DIGITS)
        if not is_synthetic(digits)
    ]
    assert not found


@pytest.mark.parametrize(("digits", "synthetic"), [("9990000018", True), ("4010232137", False), ("1234567890", True)])
def test_the_scanner_can_tell(digits: str, synthetic: bool) -> None:
    assert is_synthetic(digits) is synthetic


def test_the_product_names_no_machine_and_no_registry() -> None:
    """Paths of somebody's machine and hosts of package registries do not belong in the product."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in tracked()
        if path.suffix in TEXT | {""} and "package-lock" not in path.name and path != Path(__file__).resolve()
        for line, _ in found_in(path, FOREIGN)
    ]
    assert not found


# Words that a reader in a second language stumbles over, each with what to write instead (see CONTRIBUTING.md).
UNCLEAR = {
    r"nobody|somebody": "no one, someone",
    r"whoever|whatever it": "anyone who, any",
    r"in vain": "without effect",
    r"mend(?:s|ed|ing)?": "fix, correct",
    r"beside": "next to",
    r"(?:is|are|was|were) wanted": "expected, required",
    r"turn(?:s|ed)? away": "rejected",
    r"leaves with": "exits with status",
    r"told": "is notified, gets; as a name: what it holds",
    r"(?-i:lies?)": "is, is stored",
    r"stands? once": "occurs once",
    r"hears? (?:AA|AE|AR|of|that|\d)": "gets",
    r"(?:does not|has not) beaten|not beat": "sent no heartbeat",
    r"at the other end": "the destination",
    r"make[sd]? anew|written anew": "again",
    r"by itself": "on its own",
    r"as (?:it|they) stands?": "unchanged",
    r"in money": "cost",
    r"stands? in a line": "is on a line",
    r"must be looked at": "someone must check",
    r"waits for a person": "needs action",
    r"prey|was led|is led": "name it by what it is",
    r"hand(?:s|ed)? over|hands on": "pass",
}
# The same for the library, where names count too: what a word would mean there, and what to write instead.
UNCLEAR_IN_THE_LIBRARY = UNCLEAR | {
    r"told|tell|tells": "reported, sent; recognise",
    r"said|says|saying": "sent, is, means",
    r"asked|asks": "requested; checks",
    r"stands?|stood": "is, stays",
    r"lies?": "is",
    r"wants|wanted": "expected, required",
    r"(?<!there )(?:is|are) (?:no(?! (?:more|longer|one))|(?-i:none))": "is not a, has no",
    r"beyond doubt|sound": "certainly valid, valid",
    r"goes|comes|came": "is sent, arrives, is deleted",
    r"led|leads?": "refers, points",
    r"whatever|somebody's|nobody's": "any, another system's",
    r"at all|all the same|for good|but for": "even so, permanently, except",
    r"spoken|spelt|speaks?|hears?": "written, sends for, gets",
    r"shall": "must",
    r"anew|odd": "again, unusual",
}
WORDS = {
    name: re.compile(rf"\b(?<!-)(?:{'|'.join(words)})\b", re.IGNORECASE)
    for name, words in (("", UNCLEAR), ("shared", UNCLEAR_IN_THE_LIBRARY))
}
IN_PLAIN_ENGLISH = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "docs",
    "infra",
    "integrations",
    "tests",
    "toolkit",
    "relay",
    ".github",
    "hub",
    "function_app.py",
    "shared/",
)
NOT_READ = (
    "docs/generated/",
    "docs/demo.svg",
    "toolkit/local/azurite_package/",
    "shared/ops/static/",
    "/samples/",
    "shared/mapping/tables.json",
    "tests/test_style.py",
)


def words(folder: str) -> re.Pattern[str]:
    """What finds the unclear words of a text; not a part of an id such as ``one-beside-another``."""
    return WORDS.get(folder, WORDS[""])


def test_texts_are_in_plain_english() -> None:
    """Folders whose texts have been rewritten stay so; what to write instead is in ``UNCLEAR``."""
    places = [(path, path.relative_to(ROOT).as_posix()) for path in tracked()]
    found = [
        f"{name}:{line}: {word}"
        for path, name in places
        if name.startswith(IN_PLAIN_ENGLISH) and not any(part in name for part in NOT_READ) and path.suffix in TEXT | {""}
        for line, word in found_in(path, words(name.partition("/")[0]))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text", ["nobody is told", "the sender must mend it", "a number is wanted", "Leaves with 1", "two lie beside it"]
)
def test_unclear_words_are_found(text: str) -> None:
    assert words("").search(text)
    assert not words("").search("The sender must correct and resend it; besides, no one is notified.")
