"""A row of a clinic's list -> Patient, Appointment. One line per FHIR element, in FHIR's order.

The Patient is created only when the repository has none with this NHS Number; a list never changes one.
"""

from integrations.clinic_appointments_to_cdr.codes import EXPECTED, GENDER, STATUS
from shared.fhir.bundle import entry, transaction_bundle
from shared.fhir.reference import Ids
from shared.fhir.resource import Element, Resource, element, resource
from shared.formats.csv.cells import clock, day, joined
from shared.formats.csv.row import Row
from shared.mapping.datatypes.date import dtm_date, dtm_instant, plus_minutes
from shared.mapping.events import only_new, subject
from shared.mapping.wales.claims import profile
from shared.validation.authorities import NHS_NUMBER

PROFILE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Appointment"
FEED = "clinic-appointments"


class Named:
    """A row under the names that identify a message: the feed, the organisation and the appointment's number."""

    def __init__(self, row: Row) -> None:
        self._names = {"MSH-3": FEED, "MSH-4": row["organisation"], "MSH-10": row["id"]}

    def __getitem__(self, path: str, /) -> str:
        return self._names[path]


def bundle(row: Row) -> Resource:
    """The transaction for the repository. Ids are those of the appointment: a later list corrects an earlier one."""
    named = Named(row)
    ids = Ids.of(named)
    person = patient(row, ids("/patient"))
    return transaction_bundle(named, only_new(person), entry(appointment(row, ids("/appointment"), person["id"])))


def patient(row: Row, patient_id: str) -> Resource:
    return resource(
        "Patient",
        id=patient_id,
        meta={"profile": [profile("Patient")]},
        identifier=[element(system=NHS_NUMBER, value=joined(row["nhs_number"]))],
        name=[element(use="official", family=row["family"], given=row["given"].split())],
        telecom=[element(system="phone", value=row["phone"]) if row["phone"] else {}],
        gender=GENDER.get(row["gender"].lower()),
        birthDate=dtm_date(day(row["birth_date"])),
        address=[element(postalCode=row["postcode"].upper())],
    )


def appointment(row: Row, appointment_id: str, patient_id: str) -> Resource:
    status, start = STATUS[row["status"].lower()], dtm_instant(day(row["date"]) + clock(row["time"]))
    reply = "accepted" if status in EXPECTED else "needs-action"
    return resource(
        "Appointment",
        id=appointment_id,
        meta={"profile": [PROFILE]},
        identifier=[element(system=local_system(row), value=row["id"])],
        status=status,
        reasonCode=[element(text=row["reason"])],
        start=start,
        end=plus_minutes(start, int(row["minutes"])),
        minutesDuration=int(row["minutes"]),
        comment=row["note"].replace("\r\n", "\n"),
        participant=[
            element(actor=subject(patient_id, joined(row["nhs_number"])), status=reply),
            element(actor=service(row), status="accepted"),
            element(actor=element(type="Practitioner", display=row["clinician"]), status="accepted") if row["clinician"] else {},
        ],
    )


def service(row: Row) -> Element:
    """The clinic, as a HealthcareService that the repository has: by its code within the organisation, never created here."""
    identifier = element(system=local_system(row), value=row["clinic"])
    return element(type="HealthcareService", identifier=identifier, display=row["clinic_name"])


def local_system(row: Row) -> str:
    """The numbers of an organisation are unique within it only, so its code (letters and digits) is part of their system."""
    return f"urn:x-hub:authority:{row['organisation']}"
