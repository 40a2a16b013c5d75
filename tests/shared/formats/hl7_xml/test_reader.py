"""What the reader of the XML encoding takes from documents as others write them, and what it refuses."""

import pytest

from shared.formats.hl7_xml.reader import read
from shared.formats.hl7_xml.writer import write
from shared.hl7 import Message, ParseError, parse
from shared.xml.parse import parse as parse_xml

NAMESPACE = "urn:hl7-org:v2xml"
MSH = (
    "<MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2><MSH.3><HD.1>328</HD.1></MSH.3>"
    "<MSH.9><MSG.1>ADT</MSG.1><MSG.2>{}</MSG.2><MSG.3>{}</MSG.3></MSH.9><MSH.10>1</MSH.10><MSH.12><VID.1>2.5</VID.1></MSH.12></MSH>"
)
UPDATE, MERGE = MSH.format("A31", "ADT_A05"), MSH.format("A40", "ADT_A39")


def update(*parts: str) -> Message:
    return read(parse_xml(f'<ADT_A05 xmlns="{NAMESPACE}">{UPDATE}{"".join(parts)}</ADT_A05>'.encode()))


def merge(text: str) -> Message:
    return read(parse_xml(f'<ADT_A39 xmlns="{NAMESPACE}">{MERGE}<EVN/>{text}</ADT_A39>'.encode()))


PID, MRG = "<PID><PID.1>1</PID.1></PID>", "<MRG><MRG.1><CX.1>2</CX.1></MRG.1></MRG>"


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("<PID.3><CX.1>1</CX.1><CX.5>NH</CX.5></PID.3>", "PID|||1^^^^NH"),
        ("<PID.3><CX.5>NH</CX.5></PID.3>", "PID|||^^^^NH"),
        ("<PID.3><CX.4><HD.2>x</HD.2></CX.4></PID.3>", "PID|||^^^&x"),
        ("<PID.3><CX.1>1</CX.1></PID.3><PID.3/><PID.3><CX.1>2</CX.1></PID.3>", "PID|||1~~2"),
        ("<PID.5><XPN.1><FN.1>Jones</FN.1></XPN.1><XPN.2>Ann</XPN.2></PID.5>", "PID|||||Jones^Ann"),
        ("<PID.5><XPN.1>Jones</XPN.1></PID.5>", "PID|||||Jones"),
        ("<PID.5>Jones</PID.5>", "PID|||||Jones"),
        ("<PID.7><TS.1>19800101</TS.1></PID.7>", "PID|||||||19800101"),
        ('<PID.7><TS.1>""</TS.1></PID.7>', 'PID|||||||""'),
        ("<PID.8>F</PID.8><PID.30/>", "PID||||||||F||||||||||||||||||||||"),
        (
            "<PID.5><XPN.10><DR.1><TS.1>2020</TS.1></DR.1><DR.2><TS.1>2021</TS.1></DR.2></XPN.10></PID.5>",
            "PID|||||^^^^^^^^^2020&2021",
        ),
        ("<PID.5><XPN.1>a &amp; b^c|d~e\\f</XPN.1></PID.5>", "PID|||||a \\T\\ b\\S\\c\\F\\d\\R\\e\\E\\f"),
        ("<PID.5><XPN.1><![CDATA[<b>&]]></XPN.1></PID.5>", "PID|||||<b>\\T\\"),
        ("<PID.5><XPN.1>Jo<!-- c -->nes</XPN.1></PID.5>", "PID|||||Jones"),
        ('<PID.5><XPN.1>a<escape V=".br"/>b<escape V="X0D"/></XPN.1></PID.5>', "PID|||||a\\.br\\b\\X0D\\"),
        ("\n  <PID.5>\n   <XPN.1>\n <FN.1>J</FN.1>\n</XPN.1> </PID.5>\n", "PID|||||J"),
        ('<PID.8 xmlns:x="u" x:y="z">F</PID.8>', "PID||||||||F"),
        ("<PID.8>&#13;</PID.8>", "PID||||||||\\X0D\\"),
        ("<PID.8>&amp;lt;&lt;&amp;amp;</PID.8>", "PID||||||||\\T\\lt;<\\T\\amp;"),
        ("<PID.5>\t<XPN.1>Jones</XPN.1> <XPN.2> Ann</XPN.2>\r</PID.5>", "PID|||||Jones^ Ann"),
        ("<PID.5><XPN.1>Siân</XPN.1>\u2003<XPN.2>Ann</XPN.2></PID.5>", "PID|||||Siân^Ann"),
    ],
)
def test_every_place_keeps_its_number(field: str, line: str) -> None:
    assert update(f"<PID>{field}</PID>").lines[1] == line


@pytest.mark.parametrize(
    "form",
    [
        '<v:ADT_A05 xmlns:v="urn:hl7-org:v2xml">{}</v:ADT_A05>',
        '<v:ADT_A05 xmlns:v="urn:hl7-org:v2xml" xmlns="urn:other">{}</v:ADT_A05>',
    ],
)
def test_a_prefix_changes_nothing(form: str) -> None:
    text = f"{UPDATE}<PID><PID.5><XPN.1>Jo&lt;nes</XPN.1></PID.5><PID.8/></PID>"
    prefixed = text.replace("</", "<v:/").replace("<", "<v:").replace("<v:v:/", "</v:")
    assert read(parse_xml(form.format(prefixed).encode())).lines[1] == "PID|||||Jo<nes|||"


def test_namespaces_declared_anywhere_change_nothing() -> None:
    inner = f'<w:PID xmlns:w="{NAMESPACE}"><PID.8>F</PID.8></w:PID>'
    assert update(inner).lines[1] == "PID||||||||F"


@pytest.mark.parametrize(
    "text",
    [
        f'<ADT_A05 xmlns="{NAMESPACE}" xmlns:w="{NAMESPACE}">{UPDATE}<w:PID><w:PID.8>F</w:PID.8></w:PID></ADT_A05>',
        f'<w:ADT_A05 xmlns="{NAMESPACE}" xmlns:w="{NAMESPACE}">{UPDATE}<PID><w:PID.8>F</w:PID.8></PID></w:ADT_A05>',
        f'<ADT_A05 xmlns="{NAMESPACE}" xmlns:o="urn:other">{UPDATE}<PID><PID.8 o:nil="false">F</PID.8></PID></ADT_A05>',
    ],
)
def test_elements_with_and_without_a_prefix_are_in_one_namespace(text: str) -> None:
    assert read(parse_xml(text.encode())).lines[1] == "PID||||||||F"


@pytest.mark.parametrize("inner", ["<o:PV1/>", "<PV1><o:PV1.2/></PV1>", "<PV1><PV1.2>I</PV1.2><o:x>1</o:x></PV1>"])
def test_an_element_of_another_namespace_is_refused_also_if_it_is_empty(inner: str) -> None:
    text = f'<ADT_A05 xmlns="{NAMESPACE}" xmlns:o="urn:other">{UPDATE}{PID}{inner}</ADT_A05>'
    with pytest.raises(ParseError, match="namespace"):
        read(parse_xml(text.encode()))


XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.mark.parametrize(("root", "field"), [("", f"<PID.8 {XSI} {{}}/>"), (XSI, "<PID.8 {}/>"), (XSI, "<PID.8 {}>F</PID.8>")])
@pytest.mark.parametrize("nil", ['xsi:nil="true"', "xsi:nil=' 1 '"])
def test_nil_is_not_taken_for_absent(root: str, field: str, nil: str) -> None:
    text = f'<ADT_A05 xmlns="{NAMESPACE}" {root}>{UPDATE}<PID>{field.format(nil)}</PID></ADT_A05>'
    with pytest.raises(ParseError, match="nil"):
        read(parse_xml(text.encode()))


@pytest.mark.parametrize("delimiter", ["|", "$"])
@pytest.mark.parametrize("sequence", ["Zx{}y", "Zx^y", "Cx~y", "Mx&amp;y", "Zx\\y", "Zx&#13;PID"])
def test_a_sequence_has_no_delimiter_in_it(delimiter: str, sequence: str) -> None:
    header = UPDATE.replace("<MSH.1>|", f"<MSH.1>{delimiter}")
    field = f'<PID.5>a<escape V="{sequence.format(delimiter)}"/>b</PID.5>'
    with pytest.raises(ParseError, match="sequence"):
        read(parse_xml(f'<ADT_A05 xmlns="{NAMESPACE}">{header}<PID>{field}</PID></ADT_A05>'.encode()))


def test_usual_delimiters_if_none_are_sent() -> None:
    text = UPDATE.replace("<MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2>", "")
    message = read(parse_xml(f'<ADT_A05 xmlns="{NAMESPACE}">{text}{PID}</ADT_A05>'.encode()))
    assert message.lines[0].startswith("MSH|^~\\&|328")


PATIENT = "<ADT_A39.PATIENT>{}</ADT_A39.PATIENT>"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (PATIENT.format(PID + MRG), []),
        (PATIENT.format(PID + MRG) * 2, []),
        (PID + MRG, ["groups-absent"]),
        (PATIENT.format(PID) + PATIENT.format(MRG), ["groups"]),
        (PATIENT.format(PID + MRG + PID + MRG), ["groups"]),
        (PATIENT.format(PID + MRG) + PID + MRG, ["groups"]),
    ],
)
def test_groups_are_those_of_the_structure(text: str, rules: list[str]) -> None:
    """Two groups that ER7 would read as one pair of segments are an error: the wrong record could be merged."""
    assert [issue.rule for issue in merge(text).repairs] == rules


def test_a_message_is_written_with_the_groups_of_its_structure() -> None:
    lines = "MSH|^~\\&|328||||||ADT^A40^ADT_A39|1|P|2.5\rEVN\rPID|1\rMRG|2\rPID|3\rMRG|4"
    text = write(parse(lines)).decode()
    first, second = "<PID><PID.1>1</PID.1></PID><MRG><MRG.1><CX.1>2</CX.1></MRG.1></MRG>", "<PID><PID.1>3</PID.1></PID>"
    assert f"<EVN></EVN><ADT_A39.PATIENT>{first}</ADT_A39.PATIENT><ADT_A39.PATIENT>{second}" in text


def test_the_root_is_the_structure_of_the_message() -> None:
    text = f'<ADT_A39 xmlns="{NAMESPACE}">{UPDATE}{PID}</ADT_A39>'
    assert "root" in [issue.rule for issue in read(parse_xml(text.encode())).repairs]


@pytest.mark.parametrize(
    "text",
    [
        "<PID><PID.3>x<CX.1>1</CX.1></PID.3></PID>",
        "<PID><PID.3><CX.1>1</CX.1>x</PID.3></PID>",
        "<PID>x<PID.3/></PID>",
        "<PID><PID.3/>x</PID>",
        "x<PID/>",
        "<PID/>x",
        "<PID><PID.3><CX.1>1</CX.1><CX.1>2</CX.1></PID.3></PID>",
        "<PID><PID.3><CX.2>1</CX.2><CX.1>2</CX.1></PID.3></PID>",
        "<PID><PID.5/><PID.3/></PID>",
        "<PID><NK1.3/></PID>",
        "<PID><PID.0/></PID>",
        "<PID><PID.x/></PID>",
        "<PID><PID.3><CX>1</CX></PID.3></PID>",
        "<PID><PID.3><CX.1><ST.1><ST.2>1</ST.2></ST.1></CX.1></PID.3></PID>",
        "<PID><PID.3><CX.1><ST.1><ST.1>1</ST.1><ST.2>2</ST.2></ST.1></CX.1></PID.3></PID>",
        "<PID><PID.3><CX.1>1<escape V='Users'/></CX.1></PID.3></PID>",
        "<PID><PID.3><CX.1>1<escape V='X0D'>x</escape></CX.1></PID.3></PID>",
        "<PID><PID.3><CX.1>1<escape V='X0D' W='1'/></CX.1></PID.3></PID>",
        "<pid/>",
        "<ADT_A39.PATIENT><PID/></ADT_A39.PATIENT>",
        "<ADT_A05.A>" * 9 + "<PID/>" + "</ADT_A05.A>" * 9,
        '<PID xmlns="urn:other"/>',
        '<PID><PID.3 xmlns="urn:other"/></PID>',
        '<x:PID xmlns:x="urn:other"/>',
        "<MSH><MSH.1>|</MSH.1></MSH>",
        "".join(f"<PID><PID.{n}/></PID>" for n in range(9000, 9020)),
    ],
)
def test_what_is_not_the_encoding_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        update(text)


@pytest.mark.parametrize(
    "text",
    [
        f"<ADT_A05>{UPDATE}</ADT_A05>",
        f'<ADT_A05 xmlns="urn:other">{UPDATE}</ADT_A05>',
        f'<ADT_A05 xmlns="{NAMESPACE}"/>',
        f'<ADT_A05 xmlns="{NAMESPACE}">{PID}{UPDATE}</ADT_A05>',
        f'<ADT_A05 xmlns="{NAMESPACE}">{UPDATE.replace("^~", "^^")}</ADT_A05>',
        f'<ADT_A05 xmlns="{NAMESPACE}">{UPDATE.replace("<MSH.1>|</MSH.1>", "<MSH.1><ST.1>|</ST.1></MSH.1>")}</ADT_A05>',
    ],
)
def test_a_document_without_a_message_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        read(parse_xml(text.encode()))


@pytest.mark.parametrize("text", ["MSH|^~\\&|A\rPID", "MSH|^~\\&|||||||ADT^A31^<b>|1|P|2.5", "MSH|^~\\&|||||||ADT^A31|\rpid|1"])
def test_a_message_without_an_xml_form_is_not_written(text: str) -> None:
    with pytest.raises(ValueError):
        write(parse(text))
