"""The WSDL 1.1 of a SOAP service, made from its declaration: document/literal, a port for SOAP 1.1 and one for SOAP 1.2.

The content of a message is declared as elements of its own namespace, and each segment as an element with its fields. Their order
is that of the HL7 v2 structure, which the interface sheet names.
"""

from typing import Protocol
from xml.sax.saxutils import quoteattr

from shared.formats.hl7_xml.names import NAMESPACE
from shared.formats.soap.segments import segments

HTTP = "http://schemas.xmlsoap.org/soap/http"
ANY = f'<xs:any namespace="{NAMESPACE}" processContents="lax" maxOccurs="unbounded"/>'
ACKNOWLEDGEMENT = """<xs:complexType><xs:sequence>
        <xs:element name="Status"><xs:simpleType><xs:restriction base="xs:string">
          <xs:enumeration value="AA"/><xs:enumeration value="AE"/><xs:enumeration value="AR"/>
        </xs:restriction></xs:simpleType></xs:element>
        <xs:element name="MessageControlId" type="xs:string"/>
        <xs:element name="Issue" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
          <xs:element name="Rule" type="xs:string"/>
          <xs:element name="Where" type="xs:string"/>
          <xs:element name="Text" type="xs:string"/>
        </xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType>"""
BINDINGS = (("11", "soap"), ("12", "soap12"))  # of SOAP 1.1 and 1.2: part of a name, and prefix


class Service(Protocol):
    """What the WSDL needs of a source."""

    @property
    def operations(self) -> tuple[str, ...]: ...

    @property
    def version(self) -> str:
        """Of HL7 v2, for the fields of the segments."""

    @property
    def namespace(self) -> str: ...

    @property
    def response(self) -> str: ...

    def action(self, operation: str) -> str:
        """The action of an operation."""


def wsdl(service: Service, name: str, address: str) -> bytes:
    """The document for a service at an address; ``name``: of the integration."""
    parts = (
        _types(service),
        _messages(service),
        _port_type(service),
        *(_binding(service, number, prefix) for number, prefix in BINDINGS),
        _service(name, address),
    )
    opening = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<wsdl:definitions name={quoteattr(name)} targetNamespace={quoteattr(service.namespace)} "
        f'xmlns:tns={quoteattr(service.namespace)} xmlns:v2="{NAMESPACE}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" '
        'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
    )
    return (opening + "".join(parts) + "</wsdl:definitions>\n").encode()


def _types(service: Service) -> str:
    elements = "".join(
        f'      <xs:element name="{each}"><xs:complexType><xs:sequence>{ANY}</xs:sequence></xs:complexType></xs:element>\n'
        for each in service.operations
    )
    return f"""  <wsdl:types>
    <xs:schema targetNamespace="{NAMESPACE}" xmlns:v2="{NAMESPACE}" elementFormDefault="qualified">
{elements}{segments(service.operations, service.version, ANY)}    </xs:schema>
    <xs:schema targetNamespace={quoteattr(service.namespace)} elementFormDefault="qualified">
      <xs:element name="{service.response}">{ACKNOWLEDGEMENT}</xs:element>
    </xs:schema>
  </wsdl:types>
"""


def _messages(service: Service) -> str:
    sent = "".join(
        f'  <wsdl:message name="{each}"><wsdl:part name="message" element="v2:{each}"/></wsdl:message>\n'
        for each in service.operations
    )
    answered = "".join(
        f'  <wsdl:message name="{name}"><wsdl:part name="acknowledgement" element="tns:{service.response}"/></wsdl:message>\n'
        for name in ("Acknowledgement", "Rejection")
    )
    return sent + answered


def _port_type(service: Service) -> str:
    operations = "".join(
        f"""    <wsdl:operation name="{each}">
      <wsdl:input message="tns:{each}"/>
      <wsdl:output message="tns:Acknowledgement"/>
      <wsdl:fault name="Rejection" message="tns:Rejection"/>
    </wsdl:operation>
"""
        for each in service.operations
    )
    return f'  <wsdl:portType name="Messages">\n{operations}  </wsdl:portType>\n'


def _binding(service: Service, number: str, prefix: str) -> str:
    operations = "".join(
        f"""    <wsdl:operation name="{each}">
      <{prefix}:operation soapAction={quoteattr(service.action(each))} style="document"/>
      <wsdl:input><{prefix}:body use="literal"/></wsdl:input>
      <wsdl:output><{prefix}:body use="literal"/></wsdl:output>
      <wsdl:fault name="Rejection"><{prefix}:fault name="Rejection" use="literal"/></wsdl:fault>
    </wsdl:operation>
"""
        for each in service.operations
    )
    head = f'    <{prefix}:binding style="document" transport="{HTTP}"/>\n'
    return f'  <wsdl:binding name="Soap{number}" type="tns:Messages">\n{head}{operations}  </wsdl:binding>\n'


def _service(name: str, address: str) -> str:
    ports = "".join(
        f'    <wsdl:port name="Soap{number}" binding="tns:Soap{number}">'
        f"<{prefix}:address location={quoteattr(address)}/></wsdl:port>\n"
        for number, prefix in BINDINGS
    )
    return f"  <wsdl:service name={quoteattr(name)}>\n{ports}  </wsdl:service>\n"
