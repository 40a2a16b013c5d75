"""Every rule that the product can give, found in the code and in the tables: the texts, the docs and the tests rely on it.

A rule has its id in one of three ways: as a constant in a call (``rule="..."``), as the name of a rule function, or as a key of a
table. Calls whose rule is computed are listed in ``COMPUTED``, each with where its ids come from; a test holds that list.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from toolkit.say import ROOT

FOLDERS = ("shared", "integrations")
ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
# Functions with a parameter ``rule`` whose name other functions have too, and those that read a rule and give none.
NOT_GIVERS = frozenset(
    {"of", "read", "listed", "chosen", "emit", "note", "dead_letters", "dead_page", "_refused", "refused", "text_of", "refusal"}
)
NOT_RULES = frozenset(
    {"expired", "action", "body", "document", "others", "conflict"}
)  # constants in the same position of other calls
SOAP = "soap-"


def every() -> dict[str, set[str]]:
    """Each rule id with the places that give it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, tree in _trees().items():
        for rule, line in _constants(path, tree):
            found[rule].add(f"{path}:{line}")
    for source, ids in _tables().items():
        for rule in ids:
            found[rule].add(source)
    return dict(found)


def computed() -> set[tuple[str, str]]:
    """The calls with ``rule=`` whose value is neither a constant nor a constant of its module: file and expression."""
    return {
        (path, ast.unparse(value))
        for path, tree in _trees().items()
        for call in _calls(tree)
        for value in _values(call)
        if not list(_texts(value, _module_constants(tree)))
    }


@cache
def _trees() -> dict[str, ast.Module]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_bytes()) for path in paths}


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) not in NOT_GIVERS - {"note", "_refused"}
    )


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", "") or getattr(call.func, "attr", ""))


def _values(call: ast.Call) -> list[ast.expr]:
    return [keyword.value for keyword in call.keywords if keyword.arg == "rule"]


def _constants(path: str, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Rule ids that are constants: by keyword, and by position where the function has a parameter ``rule``."""
    known, places = _module_constants(tree), _positions()
    for call in _calls(tree):
        values = _values(call) or [
            call.args[at] for at in places.get(_name(call), ()) if _name(call) not in NOT_GIVERS and at < len(call.args)
        ]
        for value in values:
            for text in _texts(value, known):
                if ID.fullmatch(text) and text not in NOT_RULES:
                    yield text, value.lineno


def _texts(value: ast.expr, known: dict[str, str]) -> Iterator[str]:
    """The constants that an expression may have."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.Name) and value.id in known:
        yield known[value.id]
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body, known)
        yield from _texts(value.orelse, known)


def _module_constants(tree: ast.Module) -> dict[str, str]:
    """Names in capitals that a module gives to texts, alone or several in one line."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                for name, value in pairs:
                    if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                        found[name.id] = value.value
    return found


@cache
def _positions() -> dict[str, set[int]]:
    """Where functions and classes have their parameter or field ``rule``."""
    found: dict[str, set[int]] = defaultdict(set)
    for tree in _trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in node.args.args if each.arg not in ("self", "cls")]
                found[node.name] |= {names.index("rule")} if "rule" in names else set()
            elif isinstance(node, ast.ClassDef):
                found[node.name] |= _fields(node)
    return found


def _fields(node: ast.ClassDef) -> set[int]:
    fields = [each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
    made = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    names = [each.arg for each in made[0].args.args[1:]] if made else fields
    return {names.index("rule")} if "rule" in names else set()


def _tables() -> dict[str, set[str]]:
    """The ids that come from tables and from the names of rule functions."""
    from jsonschema import Draft202012Validator

    from shared.fhir.definitions import tables
    from shared.fhir.validation import invariant_table
    from shared.validation import policy, repairs

    kinds = {path.stem for path in (tables.FOLDER / "profiles").iterdir()}
    return {
        "the catalogue": _listed(),
        "shared/validation/policy.py": {*policy.SHARED, *policy.TEXTS},
        "shared/validation/repairs.py": set(repairs.TEXTS),
        "shared/fhir/validation/invariant_table.py": set(_keys(vars(invariant_table).values())),
        "national profiles": {url.rsplit("/", 1)[-1] for kind in kinds for url in tables.profiles(kind)},
        "JSON Schema": {f"schema-{keyword}" for keyword in Draft202012Validator.VALIDATORS},
        "shared/formats/soap": _soap(),
    }


def _listed() -> set[str]:
    """The rules of every profile of the catalogue."""
    from integrations import load_all

    profiles = [profile for one in load_all() for each in (one.profile, one.outgoing) for profile in _parts(each)]
    ids = {rule.rule for profile in profiles if hasattr(profile, "listed") for rule in profile.listed()}
    return {rule for rule in ids if ID.fullmatch(rule)}


def _parts(profile: Any) -> Iterator[Any]:
    """A profile, and those that it is made of."""
    yield profile
    for name in ("hl7", "json"):
        if hasattr(profile, name):
            yield from _parts(getattr(profile, name))


def _keys(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(getattr(value, "key", None), str):
            yield value.key
        elif isinstance(value, dict):
            yield from _keys(value.values())
        elif isinstance(value, list | tuple):
            yield from _keys(value)


def _soap() -> set[str]:
    """Each rule of an envelope: the constants that the reader's own refusals are called with."""
    trees = [tree for path, tree in _trees().items() if path.startswith("shared/formats/soap/")]
    refusals = [call for tree in trees for call in ast.walk(tree) if isinstance(call, ast.Call) and _name(call) == "refusal"]
    return {f"{SOAP}{text}" for call in refusals for each in call.args[:1] for text in _texts(each, {}) if ID.fullmatch(text)}
