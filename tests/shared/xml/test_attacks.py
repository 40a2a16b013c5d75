"""One list of attacks for every body in XML, and what each gets: a rule, or the tree that it is."""

import tracemalloc
from collections.abc import Mapping

import pytest

from shared.problems import Unsupported
from shared.xml.parse import parse

SECRET = "SECRETVALUE"  # stands wherever a value of a message would; no answer may repeat it
XXE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
LAUGHS = "<!DOCTYPE a [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(9)) + "]><a>&a9;</a>"
QUADRATIC = f"<!DOCTYPE a [<!ENTITY x '{'x' * 50_000}'>]><a>{'&x;' * 50_000}</a>"
DECLARED = '<?xml version="1.0" encoding="{}"?><a>SECRETVALUE</a>'

REFUSED: Mapping[str, tuple[bytes, str]] = {  # attack -> body, rule
    "an external entity": (XXE.encode(), "xml-doctype"),
    "an external entity in UTF-16": (XXE.encode("utf-16"), "xml-doctype"),
    "a parameter entity": (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://example.com/x.dtd"> %p;]><a/>', "xml-doctype"),
    "an external DTD": (b'<!DOCTYPE a SYSTEM "http://example.com/x.dtd"><a/>', "xml-doctype"),
    "a DTD behind comments": (b"<!-- <a> --><?x y?><!-- --><!DOCTYPE a><a/>", "xml-doctype"),
    "a DTD behind a late declaration": (b"<!--x--><?xml version='1.0'?>\n<!DOCTYPE a><a/>", "xml-doctype"),
    "a DTD in lower case": (b"<!doctype a><a/>", "xml-not-well-formed"),
    "a DTD inside the root": (b"<a><!DOCTYPE a></a>", "xml-not-well-formed"),
    "an unknown entity": (b"<a>&SECRETVALUE;</a>", "xml-not-well-formed"),
    "a character that XML forbids": (b"<a>&#1;</a>", "xml-not-well-formed"),
    "a null character": (b"<a>\x00SECRETVALUE</a>", "xml-not-well-formed"),
    "half of a surrogate pair by number": (b"<a>&#xD800;</a>", "xml-not-well-formed"),
    "billion laughs": (LAUGHS.encode(), "xml-doctype"),
    "quadratic blow-up": (QUADRATIC.encode(), "xml-doctype"),
    "nested too deep": (b"<a>" * 65 + b"</a>" * 65, "xml-too-deep"),
    "nested far too deep": (b"<a>" * 100_000 + b"</a>" * 100_000, "xml-too-deep"),
    "nested without an end": (b"<a>" * 100_000, "xml-too-deep"),
    "too many elements": (b"<a>" + b"<b/>" * 500_001 + b"</a>", "xml-too-much"),
    "too many attributes": (b"<a>" + b"<b c=''/>" * 500_001 + b"</a>", "xml-too-much"),
    "too many attributes of one element": (b"<a " + b" ".join(b"b%d=''" % n for n in range(257)) + b"/>", "xml-too-much"),
    "a huge attribute": (b"<a b='" + b"x" * 11_000_000 + b"'/>", "xml-too-much"),
    "a huge text": (b"<a>" + b"x" * 11_000_000 + b"</a>", "xml-too-much"),
    "a huge name": (b"<" + b"a" * 60_000 + b"/>", "xml-name-too-long"),
    "a long name": (b"<" + b"a" * 257 + b"/>", "xml-name-too-long"),
    "a long name of an attribute": (b"<a " + b"b" * 257 + b"=''/>", "xml-name-too-long"),
    "an attribute twice": (b"<a SECRETVALUE='1' SECRETVALUE='2'/>", "xml-not-well-formed"),
    "the same name by two prefixes": (b"<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>", "xml-not-well-formed"),
    "a prefix without a namespace": (b"<SECRETVALUE:a/>", "xml-not-well-formed"),
    "too many comments before the root": (b"<!---->" * 100_000 + b"<a/>", "xml-too-much"),
    "a comment without an end": (b"<!-- SECRETVALUE <a/>", "xml-not-well-formed"),
    "an instruction in the content": (b"<a>SECRET<?x y?>VALUE</a>", "xml-processing-instruction"),
    "an instruction without an end": (b"<?SECRETVALUE <a/>", "xml-not-well-formed"),
    "two declarations": (b"<?xml version='1.0'?><?xml version='1.0'?><a/>", "xml-not-well-formed"),
    "a damaged declaration": (b"<?xml version='1.0' encoding=SECRETVALUE?><a/>", "xml-not-well-formed"),
    "two roots": (b"<a/><b/>", "xml-not-well-formed"),
    "text behind the root": (b"<a/>SECRETVALUE", "xml-not-well-formed"),
    "cut short": (b"<a><b>SECRETVALUE</b>", "xml-not-well-formed"),
    "no XML": (b"MSH|^~\\&|SECRETVALUE", "xml-not-well-formed"),
    "JSON": (b'{"a": "SECRETVALUE"}', "xml-not-well-formed"),
    "nothing": (b"", "xml-not-well-formed"),
    "a byte order mark alone": (b"\xff\xfe", "xml-not-well-formed"),
    "an unknown encoding": (DECLARED.format("UTF-7").encode(), "xml-encoding"),
    "an encoding of Python's own": (DECLARED.format("unicode_escape").encode(), "xml-encoding"),
    "UTF-8 that is Latin-1": ("<a>é</a>".encode("latin-1"), "xml-encoding"),
    "UTF-8 in an overlong form": (b"<a>\xc0\xbcb/></a>", "xml-encoding"),
    "UTF-16 cut in the middle of a character": ("<a/>".encode("utf-16") + b"\x00", "xml-encoding"),
    "UTF-16 with half of a surrogate pair": (b"\xff\xfe" + "<a>".encode("utf-16-le") + b"\x00\xd8", "xml-encoding"),
    "UTF-16 without a mark": ("<a/>".encode("utf-16-le"), "xml-encoding"),
    "UTF-16 without a mark, big-endian": ("<a/>".encode("utf-16-be"), "xml-encoding"),
    "UTF-32": ("<a/>".encode("utf-32"), "xml-encoding"),
    "ASCII that is none": (DECLARED.format("us-ascii").replace("S", "é").encode(), "xml-encoding"),
}

HARMLESS: Mapping[str, tuple[bytes, str]] = {  # what looks like an attack -> body, text of its root
    "a comment inside a value": (b"<a>SMI<!-- x -->TH</a>", "SMITH"),
    "CDATA with markup": (b"<a>S<![CDATA[<?xml <!DOCTYPE & ]]>H</a>", "S<?xml <!DOCTYPE & H"),
    "a doctype in a comment": (b"<!-- <!DOCTYPE a> --><a>1</a>", "1"),
    "the five entities of XML": (b"<a>&lt;&gt;&amp;&apos;&quot;</a>", "<>&'\""),
    "an XInclude": (b'<a xmlns:xi="http://www.w3.org/2001/XInclude">1<xi:include href="/etc/passwd" parse="text"/></a>', "1"),
    "a location of a schema": (
        b'<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="u http://x/y">1</a>',
        "1",
    ),
    "a style sheet before the root": (b"<?xml-stylesheet href='http://example.com/x.xsl'?><a>1</a>", "1"),
    "an instruction behind the root": (b"<a>1</a><?x y?>", "1"),
    "nested as deep as allowed": (b"<a>1" + b"<a>" * 63 + b"</a>" * 64, "1"),
    "many namespaces": (b"<a " + b" ".join(b"xmlns:n%d='u%d'" % (n, n) for n in range(5_000)) + b">1</a>", "1"),
}


@pytest.mark.parametrize("attack", REFUSED)
def test_an_attack_gets_its_rule_and_nothing_of_the_body(attack: str) -> None:
    body, rule = REFUSED[attack]
    with pytest.raises(Unsupported) as refused:
        parse(body)
    assert [issue.rule for issue in refused.value.issues] == [rule]
    assert SECRET not in repr(refused.value.issues) + str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_is_read_as_it_is(name: str) -> None:
    body, text = HARMLESS[name]
    assert parse(body).text == text


@pytest.mark.parametrize("attack", ["billion laughs", "quadratic blow-up", "too many elements", "nested far too deep"])
def test_an_attack_takes_no_memory(attack: str) -> None:
    body = REFUSED[attack][0]
    tracemalloc.start()
    with pytest.raises(Unsupported):
        parse(body)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 * len(body) + 100_000
