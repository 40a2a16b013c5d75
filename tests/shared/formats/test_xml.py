"""XML as a source: paths, leaves, the mark of a test, the document that is accepted, and its structure."""

from pathlib import Path

import pytest

from shared import formats
from shared.envelope import Envelope
from shared.formats.xml import FORMAT
from shared.formats.xml.document import document
from shared.formats.xml.leaves import xml_leaves
from shared.formats.xml.schema import Group, XmlProfile
from shared.formats.xml.source import Xml
from shared.issue import Issue, verdict
from shared.problems import Unsupported

NAMESPACE = "urn:example:orders"
ORDER = """<orders xmlns="urn:example:orders"><order><id>7</id><kind>new</kind>{}</order></orders>"""
LINES = "<lines><line><drug>a</drug></line><line><drug>b</drug></line></lines>"
SOURCE = Xml(
    namespace=NAMESPACE,
    root="orders",
    content="order",
    control_id="order/id",
    sender="order/site",
    message_type="order/kind",
    messages=("new",),
)
LINE = Group(leaves=frozenset(("drug", "dose")), required=("drug",), repeats=True)
SCHEMA = Group(
    groups={
        "order": Group(
            leaves=frozenset(("id", "kind", "site", "note")),
            groups={"lines": Group(groups={"line": LINE})},
            required=("id", "kind"),
        )
    }
)
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:example:orders"
  elementFormDefault="qualified">
<xs:element name="orders"><xs:complexType><xs:sequence><xs:element name="order"><xs:complexType><xs:sequence>
  <xs:element name="id" type="xs:integer"/><xs:element name="kind" type="xs:string"/>
  <xs:element name="day" type="xs:date" minOccurs="0"/>
</xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""


def envelope(body: bytes, content_type: str = "application/xml") -> Envelope:
    return Envelope(integration="x", body=body, received_at="2026-05-01T09:30:00.000Z", content_type=content_type)


def order(inner: str = "") -> bytes:
    return ORDER.format(inner).encode()


def test_texts_by_path() -> None:
    found = document(order(LINES + "<note a=' 1 '> x </note><site/>"))
    assert [found.text(path) for path in ("order/id", "order/note", "order/note/@a", "order/site", "order/none", "no/id")] == [
        "7",
        "x",
        "1",
        "",
        "",
        "",
    ]
    assert found.text("order/lines/line[2]/drug") == "b"
    assert len(found.elements("order/lines/line")) == 2
    assert found.texts("order/lines/line") == {"drug": "a"}


def test_a_leaf_changes_one_place_of_a_copy() -> None:
    found = document(order(LINES))
    leaves = {leaf.path: leaf for leaf in xml_leaves(found)}
    assert list(leaves) == ["order/id", "order/kind", "order/lines/line/drug", "order/lines/line[2]/drug"]
    changed = leaves["order/lines/line[2]/drug"].changed("c")
    assert (changed.text("order/lines/line[2]/drug"), found.text("order/lines/line[2]/drug")) == ("c", "b")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_mark_of_a_test_is_read_and_written(codec: str) -> None:
    body = f"<?xml version='1.0'?><!-- x -->{ORDER.format('<note>ŵ</note>')}".encode(codec)
    marked = FORMAT.mark_test(body, "S1")
    found = SOURCE.read(envelope(marked))
    assert SOURCE.is_synthetic(found)
    assert SOURCE.identity(found, envelope(marked)).control_id == "S1"
    assert FORMAT.parse(found.encode()).test_id == "S1"
    assert not SOURCE.is_synthetic(SOURCE.read(envelope(body)))


def test_the_general_format_is_recognised_last() -> None:
    assert [name for name in formats.FORMATS if name.endswith("xml")][-1] == "xml"
    assert formats.recognise(order()) is FORMAT
    assert formats.recognise(order().decode().encode("utf-16")) is FORMAT
    assert formats.content_type(SOURCE, b"\xfe\xff\x00<") == "application/xml"


def test_a_body_that_is_no_xml_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="xml-not-well-formed"):
        FORMAT.parse(b"<a>")


@pytest.mark.parametrize(
    ("body", "rule", "where"),
    [
        (b"<a", "xml-not-well-formed", ""),
        (b"<orders><order/></orders>", "xml-root", "orders"),
        (order().replace(b"orders>", b"other>").replace(b"<orders ", b"<other "), "xml-root", "orders"),
        (order().replace(b":orders", b":others"), "xml-root", "orders"),
        (b"<orders xmlns='urn:example:orders'/>", "xml-content", "order"),
        (b"<orders xmlns='urn:example:orders'><order/><order/></orders>", "xml-content", "order"),
        (b"<orders xmlns='urn:example:orders'><order/><x/></orders>", "xml-content", "order"),
        (b"<orders xmlns='urn:example:orders'><order xmlns='urn:x'/></orders>", "xml-content", "order"),
        (order().replace(b"new", b"old"), "message-type", "order/kind"),
    ],
)
def test_another_document_is_not_supported(body: bytes, rule: str, where: str) -> None:
    with pytest.raises(Unsupported) as refused:
        SOURCE.read(envelope(body))
    assert [(each.rule, each.where) for each in refused.value.issues] == [(rule, where)]
    answer = SOURCE.acknowledge(envelope(body), None, verdict(refused.value.issues, "AR"))
    assert answer.status == (400 if rule == "xml-not-well-formed" else 422)


def test_another_media_type_is_not_supported() -> None:
    with pytest.raises(Unsupported, match="content-type"):
        SOURCE.read(envelope(order(), "application/json"))


def test_an_absent_type_is_left_to_the_profile() -> None:
    assert SOURCE.read(envelope(order().replace(b"new", b""))).text("order/kind") == ""


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        (LINES, []),
        ("<note/><site>a</site>", []),
        ("<SECRET/>", [("schema-unknown", "order/*[3]")]),
        ("<SECRET xmlns=''/>", [("schema-unknown", "order/*[3]")]),
        ("<id>8</id>", [("schema-twice", "order/id[2]")]),
        ("<note SECRET='1'/>", [("schema-attribute", "order/note/@*")]),
        ("SECRET", [("schema-text", "order")]),
        ("<note><SECRET/></note>", [("schema-unknown", "order/note/*[1]")]),
        ("<lines><line><drug/></line></lines>", [("schema-required", "order/lines/line/drug")]),
        ("<lines><line><drug>a</drug></line><line/></lines>", [("schema-required", "order/lines/line[2]/drug")]),
        ("<lines><drug/></lines>", [("schema-unknown", "order/lines/*[1]")]),
    ],
)
def test_declared_names(inner: str, found: list[tuple[str, str]]) -> None:
    issues = XmlProfile(name="x", schema=SCHEMA).check(document(order(inner)))
    assert [(each.rule, each.where) for each in issues] == found
    assert "SECRET" not in repr(issues)


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("<day>2026-05-01</day>", []),
        ("<day>SECRET</day>", [("schema-invalid", "order/day", "value")]),
        ("<SECRET/>", [("schema-unknown", "order/*[3]", "structure")]),
        ("<day>2026-05-01</day><day>2026-05-01</day>", [("schema-unknown", "order/*[4]", "structure")]),
    ],
)
def test_an_xml_schema(inner: str, found: list[tuple[str, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "orders.xsd"
    path.write_text(XSD)
    issues = XmlProfile(name="x", schema=path).check(document(order(inner)))
    assert [(each.rule, each.where, each.code) for each in issues] == found
    assert "SECRET" not in repr(issues)


def test_an_xml_schema_names_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "orders.xsd"
    path.write_text(XSD)
    issues = XmlProfile(name="x", schema=path).check(document(order().replace(b"<kind>new</kind>", b"")))
    assert [(each.rule, each.where) for each in issues] == [("schema-required", "order")]


def kind_is_new(content: object) -> list[Issue]:
    """The kind is new."""
    return [Issue(severity="error", code="value", where="order/kind", text="x")]


def test_rules_run_when_the_structure_is_right() -> None:
    profile = XmlProfile(name="x", schema=SCHEMA, rules=(kind_is_new,), refuses=("kind-is-new",))  # type: ignore[arg-type]
    assert [each.rule for each in profile.check(document(order()))] == ["kind-is-new"]
    assert [each.rule for each in profile.check(document(order("<x/>")))] == ["schema-unknown"]
    assert [each.rule for each in profile.listed()] == ["schema-…", "kind-is-new"]
    assert profile.described(str)[0].startswith("elements: dose, drug, id")
