"""The guide's code tables: HL7 v2 codes and their FHIR codes. The data is ``tables.json``, which names its source."""

from pathlib import Path
from typing import Any, NamedTuple

import orjson

_DATA: dict[str, Any] = orjson.loads(Path(__file__).with_name("tables.json").read_bytes())


class Target(NamedTuple):
    """The FHIR code of a v2 code; an empty code if the guide has none."""

    code: str
    system: str
    display: str


class Table:
    """One code table.

    >>> ADMINISTRATIVE_SEX.get("F"), ADMINISTRATIVE_SEX.get("?")
    ('female', '')
    """

    __slots__ = ("_reverse", "codes", "name", "v2")

    def __init__(self, name: str) -> None:
        self.name = name
        self.v2: str = _DATA[name]["table"]
        self.codes: dict[str, list[str]] = _DATA[name]["codes"]
        self._reverse: dict[str, str] = {}

    def __contains__(self, code: str) -> bool:
        return code in self.codes

    def get(self, code: str, default: str = "") -> str:
        """The FHIR code; ``default`` if the v2 code is not in the table or the guide has no FHIR code for it."""
        return (self.codes[code][0] or default) if code in self.codes else default

    def target(self, code: str) -> Target | None:
        """The FHIR code with system and display; ``None`` if the v2 code is not in the table."""
        return Target(*self.codes[code]) if code in self.codes else None

    def back(self, code: str, default: str = "") -> str:
        """The v2 code of a FHIR code: the first one in the table."""
        if not self._reverse:
            for v2, (target, _, _) in reversed(self.codes.items()):
                self._reverse[target] = v2
        return self._reverse.get(code, default) if code else default


ADDITIVE = Table("AdditivePreservative")
ADDRESS_TYPE = Table("AddressType[Type]")
ADDRESS_USE = Table("AddressType[Use]")
ADMINISTRATIVE_SEX = Table("AdministrativeSex")
ADMISSION_TYPE = Table("AdmissionType")
ALLERGEN_CATEGORY = Table("AllergenType[AllergyIntoleranceCategory]")
ALLERGEN_CATEGORY_AS_SENT = Table("AllergenType[AllergyIntoleranceOriginalCategory]")
ALLERGY_CRITICALITY = Table("AllergySeverity[AllergyIntolerance.criticality]")
ALLERGY_CRITICALITY_AS_SENT = Table("AllergySeverity[AllergyIntolerance.criticality-original]")
ALLERGY_SEVERITY = Table("AllergySeverity[AllergyIntolerance.reaction.severity]")
ALLERGY_TYPE = Table("AllergyType")
AMBULATORY_STATUS = Table("AmbulatoryStatus")
APPOINTMENT_REASON = Table("AppointmentReasonCodes")
APPOINTMENT_STATUS = Table("FillerStatusCodes[Appointment]")
APPOINTMENT_TYPE = Table("AppointmentTypeCodes")
BED_STATUS = Table("BedStatus")
BODY_PARTS = Table("BodyParts")
BODY_SITE = Table("BodySite")
COMPLETION_STATUS = Table("CompletionStatus")
CONFIDENTIALITY = Table("ConfidentialityCode")
CONTACT_ROLE = Table("ContactRole")
COUNTRY = Table("CountryCode")
DEGREE = Table("DegreeLicenseCertificate")
DIAGNOSIS_TYPE = Table("DiagnosisType")
DIAGNOSTIC_SERVICE = Table("DiagnosticServiceSectionID")
DOCUMENT_CONFIDENTIALITY = Table("DocumentConfidentialityStatus")
ENCOUNTER_CLASS = Table("PatientClass[EncounterClass]")
ENCOUNTER_PRIORITY = Table("EncounterPriority")
ENCOUNTER_STATUS = Table("PatientClass[EncounterStatus]")
ENCOUNTER_STATUS_BY_EVENT = Table("Event[EncounterStatus]")
EVENT_REASON = Table("EventReason")
HOSPITAL_SERVICE = Table("HospitalService")
IDENTIFIER_TYPE = Table("IdentifierType")
INTERPRETATION = Table("InterpretationCodes")
LIVING_WILL = Table("LivingWillCode")
MARITAL_STATUS = Table("MaritalStatus")
MODE_OF_ARRIVAL = Table("ModeOfArrivalCode")
NAME_ASSEMBLY_ORDER = Table("NameAssemblyOrder")
NAME_TYPE = Table("NameType")
NATURE_OF_ABNORMAL_TEST = Table("NatureOfAbnormalTesting")
OBSERVATION_STATUS = Table("ObservationResultStatusCodesInterpretation")
ORDER_CONTROL_STATUS = Table("OrderControlCode[ServiceRequest.status]")
ORDER_STATUS = Table("OrderStatus")
ORDER_TYPE = Table("OrderType")
PARTICIPATION = Table("Participation")
PRACTITIONER_ID_TYPE = Table("PractitionerIDNumberType")
PRIORITY = Table("ExtendedPriorityCodes")
PROCESSING_ID = Table("ProcessingID")
PROCESSING_MODE = Table("ProcessingMode")
PROVIDER_ROLE = Table("ProviderRole")
READMISSION = Table("ReadmissionIndicator")
RELATIONSHIP = Table("Relationship")
RELIGION = Table("Religion")
REPORT_STATUS = Table("ResultStatus[Non-Queries]")
ROUTE = Table("RouteOfAdministration")
SPECIMEN_AVAILABILITY = Table("YesNoIndicator[AvailabilityStatus]")
SPECIMEN_CONDITION = Table("SpecimenCondition")
SPECIMEN_METHOD = Table("SpecimenCollectionMethod")
SPECIMEN_TYPE = Table("SpecimenType")
TELECOM_EQUIPMENT = Table("TelecommunicationEquipmentType")
TELECOM_USE = Table("TelecommunicationUseCode")
TIMING_EVENT = Table("EventRelatedPeriod")
YES_NO = {"Y": True, "N": False}  # HL7 table 0136

# v2 table number -> every v2 code of it in the guide, to check whether a code is in its own table.
V2_TABLES: dict[str, frozenset[str]] = {
    number: frozenset(code for data in group for code in data["codes"])
    for number, group in (
        (number, [d for k, d in _DATA.items() if k[0] != "_" and d["table"] == number])
        for number in {d["table"] for k, d in _DATA.items() if k[0] != "_"}
    )
    if number
}

# Names of code systems as senders write them (HL7 table 0396), and their FHIR systems.
CODE_SYSTEM = {
    "LN": "http://loinc.org",
    "LOINC": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "SNM": "http://snomed.info/sct",
    "SNM3": "http://snomed.info/sct",
    "SNOMED": "http://snomed.info/sct",
    "SNOMED-CT": "http://snomed.info/sct",
    "SCT2": "http://snomed.info/sct",
    "UCUM": "http://unitsofmeasure.org",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "ICD10": "http://hl7.org/fhir/sid/icd-10",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "I9": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "MVX": "http://hl7.org/fhir/sid/mvx",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "DMD": "https://dmd.nhs.uk",
    "ISO639": "urn:ietf:bcp:47",
    "ISO639-1": "urn:ietf:bcp:47",
    "ISO3166_1": "urn:iso:std:iso:3166",
    "OPCS4": "https://fhir.hl7.org.uk/CodeSystem/OPCS-4",
    "ODS": "https://fhir.nhs.uk/Id/ods-organization-code",
}
CODE_SYSTEM_BACK = {system: name for name, system in reversed(CODE_SYSTEM.items())}
V2_SYSTEM = "http://terminology.hl7.org/CodeSystem/v2-"
LOCAL_SYSTEM = "urn:x-hub:coding-system:"  # a local name of a code system, so that its codes stay local
