"""What WSDL 1.1 section 2 requires of messages, port types, bindings and services, apart from a client's own reading."""

from lxml import etree
from lxml.etree import _Element as Element

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"


def assert_every_name_is_known(root: Element) -> None:
    """Every name that is used is declared, and every declared one is used; each schema is a schema."""
    names = {kind: {each.get("name") for each in root.iter(f"{WSDL}{kind}")} for kind in ("message", "portType", "binding")}
    used = {
        "message": {each.get("message") for each in root.iter(f"{WSDL}input", f"{WSDL}output", f"{WSDL}fault")} - {None},
        "portType": {each.get("type") for each in root.iter(f"{WSDL}binding")},
        "binding": {each.get("binding") for each in root.iter(f"{WSDL}port")},
    }
    assert {kind: {str(name).removeprefix("tns:") for name in found} for kind, found in used.items()} == names
    declared = {each.get("name") for each in root.iter(f"{XSD}element")}
    assert {str(each.get("element")).partition(":")[2] for each in root.iter(f"{WSDL}part")} <= declared
    for each in schemas(root):
        etree.XMLSchema(each)


def schemas(root: Element) -> list[Element]:
    """The schemas in a WSDL, each as a document of its own."""
    return [etree.fromstring(etree.tostring(each)) for each in root.iter(f"{XSD}schema")]
