"""The declaration of a new integration: that of its source, with the arguments that its destination and mapping set."""

import ast
from pathlib import Path

from toolkit.generate.scaffold.kinds import OF_HL7, TYPES, Kinds

PLACEHOLDER = "from shared.destinations.memory import Memory\n"  # of the templates of sources
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def template(folder: str, name: str) -> str:
    """The text of a template."""
    return (TEMPLATES / folder / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")


def declaration(kinds: Kinds) -> str:
    """The text of ``__init__.py``, with the names of the templates and unsorted imports."""
    source, end = template("sources", kinds.source), template("destinations", kinds.destination)
    made = with_arguments(source, {**arguments_of(kinds), **end_of(end)}, without=_without(kinds))
    if kinds.source in OF_HL7:
        made = made.replace('MESSAGES = ("ADT^A31",)', f"MESSAGES = {TYPES[kinds.code].names(kinds.code)!r}")
    if (kinds.source, kinds.destination) == ("file", "fhir"):
        made = made.replace("rules.RULES", "rules.WITH_FILE")  # this destination takes a file next to the message
    imports = imports_of(end) + ("from toolkit.templates import mapping\n" if kinds.mapping else "")
    made = made.replace(PLACEHOLDER, "")
    place = made.index("\n\n", made.index("\nfrom ")) + 1
    return made[:place] + imports + made[place:]


def _without(kinds: Kinds) -> tuple[str, ...]:
    """The arguments that are not needed: only an ADT merges two patients."""
    return () if kinds.code == "ADT" else ("after",)


def arguments_of(kinds: Kinds) -> dict[str, str]:
    """The arguments that the mapping sets."""
    if not kinds.mapping:
        return {}
    text = template("mappings", kinds.mapping)
    name = next(node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    outgoing = {"outgoing": "mapping.OUTGOING,"} if "\nOUTGOING = " in text else {}
    return {"transform": f"mapping.{name},", **outgoing}


def end_of(text: str) -> dict[str, str]:
    """The arguments that a destination sets, each as it is written, with its comma and comment."""
    value = next(node.value for node in ast.parse(text).body if isinstance(node, ast.Assign))
    assert isinstance(value, ast.Dict)
    made = {}
    for key, each in zip(value.keys, value.values, strict=True):
        assert isinstance(key, ast.Constant)
        line = text.splitlines()[each.lineno - 1][each.col_offset :]
        made[str(key.value)] = line if value.lineno != each.lineno else f"{ast.get_source_segment(text, each)},"
    return made


def imports_of(text: str) -> str:
    """The lines that import."""
    nodes = (node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom))
    return "".join(f"{ast.get_source_segment(text, node)}\n" for node in nodes)


def with_arguments(text: str, arguments: dict[str, str], without: tuple[str, ...] = ()) -> str:
    """A declaration with these arguments of ``Integration`` in place of its own; those that it does not have come last."""
    lines = text.splitlines(keepends=True)
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    call = next(each for each in calls if isinstance(each.func, ast.Name) and each.func.id == "Integration")
    for each in reversed(call.keywords):
        name = str(each.arg)
        if name in arguments or name in without:
            new = [f"    {name}={arguments[name]}\n"] if name in arguments else []
            lines[each.lineno - 1 : each.value.end_lineno] = new
    own = {each.arg for each in call.keywords}
    more = [f"    {name}={value}\n" for name, value in arguments.items() if name not in own]
    return "".join([*lines[:-1], *more, lines[-1]])


def with_dropped(text: str) -> str:
    """A declaration that gives the reasons of ``dropped.py``."""
    place = text.index("from toolkit.templates")
    imported = text[:place] + "from toolkit.templates.dropped import DROPPED\n" + text[place:]
    return with_arguments(imported, {"dropped": "DROPPED,"})
