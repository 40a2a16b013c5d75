"""The places that some sample of this integration fills. Generated with the mapping sheet, never written."""

PLACES = """
MSH-3 MSH-4 MSH-5 MSH-6 MSH-7 MSH-9 MSH-9.2 MSH-9.3 MSH-10 MSH-11 MSH-12 EVN-1 EVN-2 PID-1 PID-3 PID-3.4
PID-3.5 PID-5 PID-5.2 PID-5.3 PID-5.5 PID-7 PID-8 PID-11 PID-11.2 PID-11.3 PID-11.5 PID-11.7 PV1-1 PV1-2 PV1-3
PV1-3.4 PV1-3.6 PV1-10 PV1-19 PV1-19.4 PV1-19.5 PV1-44 PV1-45 ORC-1 ORC-2 ORC-2.2 OBR-1 OBR-2 OBR-2.2 OBR-4
OBR-4.2 OBR-4.3 OBX-1 OBX-2 OBX-3 OBX-3.2 OBX-3.3 OBX-5 OBX-5.2 OBX-5.3 OBX-5.4 OBX-5.5 OBX-11 TXA-1 TXA-2
TXA-2.2 TXA-2.3 TXA-3 TXA-4 TXA-5 TXA-5.2 TXA-5.3 TXA-5.6 TXA-5.9 TXA-6 TXA-9 TXA-9.2 TXA-9.3 TXA-9.6 TXA-9.9
TXA-12 TXA-12.2 TXA-16 TXA-17 TXA-18 TXA-19 author.id author.name author.scheme document.category.code
document.category.display document.category.system document.completion document.contentType document.created
document.data document.description document.id document.language document.replaces document.restricted
document.status document.title document.type.code document.type.display document.type.system id
organisation.code organisation.name patient.birthDate patient.family patient.gender patient.given
patient.nhsNumber patient.postcode period.end period.start recorded source
"""

SEEN = frozenset(PLACES.split())
