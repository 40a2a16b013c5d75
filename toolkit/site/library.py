"""The library as pages: what each package of shared/ offers, from its docstrings. The source is read, and not imported."""

import ast
from collections.abc import Iterator
from pathlib import Path

from toolkit.say import ROOT

SHARED = ROOT / "shared"
LATE = "---\nsearch:\n  boost: 0.3\n---\n\n"
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def pages() -> dict[str, str]:
    """A page for each package, one for the modules next to them, and the list of them."""
    made = {f"library/{name}.md": page(name, modules) for name, modules in packages().items()}
    links = [f"- [`{'shared.' + name if name != 'shared' else 'shared'}`]({name}.md): {purpose(name)}" for name in packages()]
    index = "# The library\n\nWhat integrations are made of, from the docstrings. Names that begin with `_` are not listed.\n"
    return {"library/index.md": "\n".join([index, *links, ""]), **made}


def packages() -> dict[str, list[Path]]:
    """Package -> its modules; ``shared`` -> those that are in no package."""
    found: dict[str, list[Path]] = {"shared": sorted(SHARED.glob("*.py"))}
    for folder in sorted(path.parent for path in SHARED.glob("*/__init__.py")):
        found[folder.name] = sorted(folder.rglob("*.py"))
    return found


def purpose(name: str) -> str:
    """The first sentence of a package."""
    folder = SHARED if name == "shared" else SHARED / name
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or "Modules that all packages use."
    return text.splitlines()[0]


def page(name: str, modules: list[Path]) -> str:
    """One page. In a search it comes after the documents."""
    title = "shared" if name == "shared" else f"shared.{name}"
    return "\n".join([f"{LATE}# `{title}`\n", *(line for path in modules for line in module(path))]) + "\n"


def module(path: Path) -> Iterator[str]:
    """A module with its public classes and functions; nothing for one without any."""
    tree = ast.parse(path.read_text("utf-8"))
    public = [each for each in tree.body if isinstance(each, Definition) and not each.name.startswith("_")]
    if public:
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield f"## `{dotted}`\n\n{documented(tree)}\n"
        for each in public:
            yield from definition(each)


def definition(found: Definition, owner: str = "") -> Iterator[str]:
    """A class with its public methods, or a function, with its signature."""
    yield f"### `{owner}{found.name}`\n\n```python\n{signature(found)}\n```\n\n{documented(found)}\n"
    if isinstance(found, ast.ClassDef):
        for each in found.body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_"):
                yield from definition(each, f"{found.name}.")


def signature(found: Definition) -> str:
    """The first line as it is written; of a class its fields too.

    >>> print(signature(ast.parse("def f(a: int, *, b: str = '') -> str: return b").body[0]))
    def f(a: int, *, b: str='') -> str
    """
    if isinstance(found, ast.ClassDef):
        bases = ", ".join(map(ast.unparse, found.bases))
        fields = [f"    {ast.unparse(each)}" for each in found.body if isinstance(each, ast.AnnAssign)]
        return "\n".join([f"class {found.name}({bases})" if bases else f"class {found.name}", *fields])
    start = "async def" if isinstance(found, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(found.returns)}" if found.returns else ""
    return f"{start} {found.name}({ast.unparse(found.args)}){returns}"


def documented(found: Definition | ast.Module) -> str:
    """A docstring as text that Markdown leaves alone, its sections and examples included."""
    text = ast.get_docstring(found) or ""
    prose, blank, rest = text.partition("\n\n")
    shown = prose.replace("``", "`").replace("<", "&lt;").replace("*", "\\*")
    return shown + (f"\n\n```text\n{rest}\n```" if blank else "")
