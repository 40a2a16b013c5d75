"""Reading a body in XML: its encodings, its declaration, and the place of a fault."""

import pytest

from shared.problems import Unsupported
from shared.xml.encoding import decoded
from shared.xml.parse import parse, read

TEXT = "ŵŷ é £"
LATIN = "é £"
DECLARED = '<?xml version="1.0" encoding="{}"?>\n<a>{}</a>'


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("start", ["", "<!-- a comment -->\n", "<?xml version='1.0' encoding='utf-16'?><!-- a comment -->"])
def test_a_byte_order_mark_names_the_encoding(codec: str, start: str) -> None:
    mark = "\ufeff" if codec.endswith("e") else ""
    assert parse(f"{mark}{start}<a>{TEXT}</a>".encode(codec)).text == TEXT


@pytest.mark.parametrize("name", ["UTF-8", "utf-8", "ISO-8859-1", "windows-1252", "ISO-8859-15"])
def test_without_a_mark_the_declaration_names_it(name: str) -> None:
    found = read(DECLARED.format(name, LATIN).encode(name))
    assert (found.root.text, found.issues) == (LATIN, ())


def test_a_welsh_encoding_is_read() -> None:
    assert parse(DECLARED.format("ISO-8859-14", "ŵŷ").encode("iso8859-14")).text == "ŵŷ"


def test_without_both_it_is_utf_8() -> None:
    assert parse(f"<a>{TEXT}</a>".encode()).text == TEXT


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        (DECLARED.format("UTF-16", TEXT).encode(), ["xml-encoding-overruled"]),
        (DECLARED.format("UTF-8", TEXT).encode("utf-16"), ["xml-encoding-overruled"]),
        (DECLARED.format("ISO-8859-1", TEXT).encode("utf-8-sig"), ["xml-encoding-overruled"]),
        (DECLARED.format("UTF-16", TEXT).encode("utf-16"), []),
        (f"<!-- a comment -->{DECLARED.format('UTF-8', TEXT)}".encode(), ["xml-declaration-late"]),
        (f"\r\n {DECLARED.format('UTF-8', TEXT)}".encode(), ["xml-declaration-late"]),
    ],
)
def test_a_contradiction_is_read_by_the_bytes_and_reported(body: bytes, rules: list[str]) -> None:
    found = read(body)
    assert (found.root.text, [issue.rule for issue in found.issues]) == (TEXT, rules)


def test_the_codec_is_known() -> None:
    assert [decoded(f"<a>{LATIN}</a>".encode(codec)).codec for codec in ("utf-8", "utf-16")] == ["utf-8", "utf-16-le"]


@pytest.mark.parametrize("start", ["", "<?xml version='1.0'\n encoding='utf-8'?>\n", "<!--\n-->\n<?xml version='1.0'?>\n"])
def test_a_fault_has_its_line(start: str) -> None:
    line = start.count("\n") + 2
    with pytest.raises(Unsupported) as refused:
        parse(f"{start}<a>\n</b>".encode())
    assert f"line {line}, column" in refused.value.issues[0].text
