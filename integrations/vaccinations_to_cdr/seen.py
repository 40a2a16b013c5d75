"""The places that some sample of this integration fills. Generated with the mapping sheet, never written."""

PLACES = """
MSH-3 MSH-4 MSH-5 MSH-6 MSH-7 MSH-9 MSH-9.2 MSH-9.3 MSH-10 MSH-11 MSH-12 MSH-15 MSH-16 MSH-18 PID-1 PID-3
PID-3.4 PID-3.5 PID-5 PID-5.2 PID-5.7 PID-7 PID-8 PID-11 PID-11.3 PID-11.5 ORC-1 ORC-3 ORC-3.2 OBX-1 OBX-2
OBX-3 OBX-3.2 OBX-3.3 OBX-4 OBX-5 OBX-5.2 OBX-5.3 OBX-11 RXA-1 RXA-2 RXA-3 RXA-5 RXA-5.2 RXA-5.3 RXA-6 RXA-7
RXA-7.2 RXA-7.3 RXA-9 RXA-9.2 RXA-9.3 RXA-10 RXA-10.2 RXA-10.3 RXA-10.9 RXA-15 RXA-16 RXA-17 RXA-17.2 RXA-17.3
RXA-18 RXA-18.2 RXA-18.3 RXA-20 RXA-21 RXR-1 RXR-1.2 RXR-1.3 RXR-2 RXR-2.2 RXR-2.3 id organisation.code
organisation.name patient.birthDate patient.family patient.gender patient.given patient.nhsNumber
patient.postcode performer.id performer.name performer.scheme recorded source vaccination.dose.unit
vaccination.dose.value vaccination.doseNumber vaccination.expires vaccination.id vaccination.lotNumber
vaccination.manufacturer vaccination.occurred vaccination.parentPresent vaccination.primarySource
vaccination.procedure.code vaccination.procedure.display vaccination.procedure.system vaccination.reason.code
vaccination.reason.display vaccination.reason.system vaccination.reasonNotDone.code
vaccination.reasonNotDone.display vaccination.reasonNotDone.system vaccination.route.code
vaccination.route.display vaccination.route.system vaccination.series vaccination.site.code
vaccination.site.display vaccination.site.system vaccination.status vaccination.vaccine.code
vaccination.vaccine.display vaccination.vaccine.system
"""

SEEN = frozenset(PLACES.split())
