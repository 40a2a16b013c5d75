"""The pages of ``docs/building``: their blocks, and a run of all blocks of a page in order, in one namespace.

A block of a message or a file has a title, ``hl7 title="a31.hl7"``: it becomes a file of that name in the folder of the example,
and its bytes are the variable ``A31``. A block that begins with ``>>>`` is a doctest. The declaration of the first page, ``LAB``,
is there on every page.
"""

import doctest
import re
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "building"
FIRST = FOLDER / "README.md"
FENCE = re.compile(r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?[^\n]*\n(?P<text>.*?)^```$', re.M | re.S)
NOT_RUN = {"sh", "mermaid"}  # commands are compared with the command line, and the tutorials run theirs
LINE_ENDS = {"hl7": "\r", "csv": "\r\n"}


class Block(NamedTuple):
    """One fenced block: its language, the name of its file (``""`` for none), its text, and its line in the page."""

    language: str
    title: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Every block of a page."""
    text = page.read_text("utf-8")
    return [
        Block(found["language"], found["title"] or "", found["text"], text.count("\n", 0, found.start()) + 2)
        for found in FENCE.finditer(text)
    ]


def body(block: Block) -> bytes:
    """The bytes of a block that is a file, with the line ends of its language."""
    return block.text.replace("\n", LINE_ENDS.get(block.language, "\n")).encode()


def run(page: Path, folder: Path, namespace: dict[str, Any]) -> list[str]:
    """Run the blocks of a page; what is wrong, each with its line. The first error of a plain block is raised."""
    namespace["__file__"], namespace["__name__"] = str(folder / "__init__.py"), "example"
    wrong: list[str] = []
    for block in blocks(page):
        if block.title:
            (folder / block.title).write_bytes(body(block))
            namespace[re.sub(r"\W", "_", Path(block.title).stem).upper()] = body(block)
        elif block.language == "python" and block.text.startswith(">>>"):
            wrong += _doctest(block, page, namespace)
        elif block.language == "python":
            exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), namespace)  # its lines are those of the page
        elif block.language not in NOT_RUN:
            wrong.append(f"{page.name}:{block.line}: a block that nothing runs: give it a title, or make it python or sh")
    return wrong


def _doctest(block: Block, page: Path, namespace: dict[str, Any]) -> list[str]:
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(block.text, namespace, page.name, str(page), block.line - 1)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(test, out=said.append, clear_globs=False)
    namespace.update(test.globs)
    return said
