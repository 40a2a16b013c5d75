"""FHIR in XML: read into the same dicts as JSON, and written from them. FHIR R4 section 2.6.1 (XML representation)."""

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
MEDIA_TYPE = "application/fhir+xml"
