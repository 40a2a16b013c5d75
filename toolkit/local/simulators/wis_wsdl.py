"""The WSDL 1.1 of the simulated Welsh Immunisation System: what a SOAP client needs to call ``SendHL7Message``."""

from xml.sax.saxutils import quoteattr

from shared.destinations.soap import Operation

SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
HTTP = "http://schemas.xmlsoap.org/soap/http"
TEXT = 'type="xs:string"'


def wsdl(operation: Operation, address: str) -> bytes:
    """Document/literal over SOAP 1.1: the message is an HL7 v2 text, the answer an acknowledgement with its control id."""
    name, namespace = operation.name, quoteattr(operation.namespace)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="Messages" targetNamespace={namespace} xmlns:tns={namespace} xmlns:soap="{SOAP}"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:types>
    <xs:schema targetNamespace={namespace} elementFormDefault="qualified">
      <xs:element name="{name}"><xs:complexType><xs:sequence>
        <xs:element name="{operation.parameter}"><xs:simpleType><xs:restriction base="xs:string">
          <xs:pattern value="MSH[\\s\\S]*"/>
        </xs:restriction></xs:simpleType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="AckResponse"><xs:complexType><xs:sequence>
        <xs:element name="Status"><xs:simpleType><xs:restriction base="xs:string">
          <xs:enumeration value="AA"/><xs:enumeration value="AE"/><xs:enumeration value="AR"/>
        </xs:restriction></xs:simpleType></xs:element>
        <xs:element name="MessageControlId" {TEXT}/>
      </xs:sequence></xs:complexType></xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="{name}"><wsdl:part name="parameters" element="tns:{name}"/></wsdl:message>
  <wsdl:message name="Acknowledgement"><wsdl:part name="parameters" element="tns:AckResponse"/></wsdl:message>
  <wsdl:portType name="Messages">
    <wsdl:operation name="{name}">
      <wsdl:input message="tns:{name}"/>
      <wsdl:output message="tns:Acknowledgement"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="Soap11" type="tns:Messages">
    <soap:binding style="document" transport="{HTTP}"/>
    <wsdl:operation name="{name}">
      <soap:operation soapAction={quoteattr(operation.action)} style="document"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Messages">
    <wsdl:port name="Soap11" binding="tns:Soap11"><soap:address location={quoteattr(address)}/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
""".encode()
