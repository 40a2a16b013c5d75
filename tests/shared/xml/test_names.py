"""A flood of names that no one has declared does not fill the memory of a process."""

from pathlib import Path

import pytest
from lxml import etree

from shared import bounds
from shared.problems import Unsupported
from shared.xml.parse import parse

STATUS = Path("/proc/self/status")
NAMES = 2_000  # in one body


def flood(number: int) -> bytes:
    return ("<a>" + "".join(f"<n{number}-{n} a{number}-{n}='' />" for n in range(NAMES)) + "</a>").encode()


def test_names_are_bounded_and_every_body_is_read() -> None:
    for number in range(100):
        assert len(parse(flood(number))) == NAMES
    assert etree.memory_debugger.dict_size() <= bounds.XML_NAMES


@pytest.mark.skipif(not STATUS.exists(), reason="the memory of the process is read from /proc, which only Linux has")
def test_memory_is_bounded_under_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the bound, 400,000 more names need no more memory: without it they need about 25 MB."""
    monkeypatch.setattr(bounds, "XML_NAMES", 0)  # as if the bound were reached
    for number in range(1_000, 1_010):
        parse(flood(number))
    before = resident()
    for number in range(1_010, 1_110):
        parse(flood(number))
    assert resident() - before < 4_000_000


def test_a_tree_of_another_thread_is_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "XML_NAMES", 0)
    root = parse(b"<a xmlns='urn:x'><b c='1'>2</b></a>")
    assert root.findtext("{urn:x}b") == "2"
    assert root.xpath("string(//@c)") == "1"
    with pytest.raises(Unsupported, match="xml-not-well-formed"):
        parse(b"<a><b></a>")


def resident() -> int:
    line = next(each for each in STATUS.read_text().splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
