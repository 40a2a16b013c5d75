"""The quick look at an element with many children finds what the look at each child finds."""

import pytest

from shared.formats.xml import schema
from shared.formats.xml.document import document
from shared.formats.xml.schema import Group, structure
from shared.issue import Issue

NAMES = tuple(f"leaf{n}" for n in range(12))
LINE = Group(leaves=frozenset(("drug",)), required=("drug",), repeats=True)
SCHEMA = Group(
    groups={
        "order": Group(
            leaves=frozenset((*NAMES, "note")),
            groups={"lines": Group(groups={"line": LINE}), "codes": Group(leaves=frozenset(("code",)))},
            required=("leaf0",),
        )
    }
)
LEAVES = "".join(f"<{name}>x</{name}>" for name in NAMES)


def found(order: str) -> list[Issue]:
    return list(structure(document(f'<orders xmlns="urn:x">{order}</orders>'.encode()), SCHEMA))


@pytest.mark.parametrize(
    "order",
    [
        f"<order>{LEAVES}</order>",
        f"<order> {LEAVES} <lines> <line><drug>a</drug></line><line><drug>b</drug></line> </lines> <codes/> </order>",
        f"<order>{LEAVES}<other/></order>",
        f"<order>{LEAVES}<note xmlns=''/></order>",
        f"<order>{LEAVES}<note xmlns='urn:y'/></order>",
        f"<order>{LEAVES}<leaf1/></order>",
        f"<order>{LEAVES}<note>a<note/></note></order>",
        f"<order>{LEAVES}text</order>",
        f"<order>text{LEAVES}</order>",
        f"<order>\u00a0{LEAVES}</order>",
        f"<order a='1'>{LEAVES}</order>",
        f"<order>{LEAVES}<note a='1'/></order>",
        f"<order>{LEAVES}<lines a='1'><line><drug/></line></lines></order>",
        f"<order>{LEAVES}<lines>text</lines><codes><code/><code/></codes></order>",
        f"<order>{LEAVES}<codes><code>a</code></codes><lines/><lines/></order>",
        f"<order>{LEAVES.replace('x', ' ')}</order>",
    ],
)
def test_both_ways_find_the_same(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = found(order)
    monkeypatch.setattr(schema, "FEW", 1000)
    assert found(order) == quick
