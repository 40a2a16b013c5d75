"""Assigning authorities of NHS Wales and the NHS, and the FHIR systems of their identifiers.

Source: naming systems of NHS Wales (DSW), HL7 UK, and the register of authorities: number N is
OID 2.16.840.1.113883.2.1.8.1.3.N. Authority 132, which no owner confirms, is left out.
"""

ARC = "2.16.840.1.113883.2.1.8.1.3."
OLD_ARC = "2.16.840.1.113883.2.1.8.1.5."  # the arc of older pages: read, never written
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
NHS_NUMBER_OID = "2.16.840.1.113883.2.1.4.1"

# The authorities of patient numbers. A visit or account number of the same authority is not a patient number.
PATIENT_AUTHORITY = {
    "NHS": NHS_NUMBER,
    "100": "https://fhir.nhs.wales/Id/empi-number",
    "102": "https://fhir.sbuhb.nhs.wales/Id/masterlab",
    "103": "https://fhir.sbuhb.nhs.wales/Id/east-pas-identifier",
    "105": "https://fhir.sbuhb.nhs.wales/Id/east-radiology-identifier",
    "108": "https://fhir.sbuhb.nhs.wales/Id/pas-identifier",
    "109": "https://fhir.bcuhb.nhs.wales/Id/central-pas-identifier",
    "110": "https://fhir.bcuhb.nhs.wales/Id/east-pas-identifier",
    "111": "https://fhir.bcuhb.nhs.wales/Id/west-pas-identifier",
    "126": "https://fhir.ctmuhb.nhs.wales/Id/pas-identifier",
    "127": "https://fhir.ctmuhb.nhs.wales/Id/north-radiology-identifier",
    "128": "https://fhir.ctmuhb.nhs.wales/Id/south-radiology-identifier",
    "129": "https://fhir.nhs.wales/Id/wds-identifier",
    "131": "https://fhir.vunhst.nhs.wales/Id/pas-identifier",
    "310": "https://fhir.vunhst.nhs.wales/Id/pas-identifier",
    "133": "https://fhir.abuhb.nhs.uk/Id/radiology-identifier",
    "139": "https://fhir.abuhb.nhs.wales/Id/pas-identifier",
    "140": "https://fhir.cavuhb.nhs.wales/Id/pas-identifier",
    "149": "https://fhir.hduhb.nhs.wales/Id/pas-identifier",
    "154": "https://fhir.nhs.wales/Id/lims-identifier",
    "170": "https://fhir.pthb.nhs.wales/Id/pas-identifier",
    "182": "https://fhir.vunhst.nhs.wales/Id/canisc-identifier",
    "203": "https://fhir.ctmuhb.nhs.wales/Id/radiology-identifier",
}
# Registers of professionals and of organizations.
PROVIDER_AUTHORITY = {
    "GMC": "https://fhir.hl7.org.uk/Id/gmc-number",
    "NMC": "https://fhir.hl7.org.uk/Id/nmc-number",
    "ODS": "https://fhir.nhs.uk/Id/ods-organization-code",
}
AUTHORITY_BACK = {system: code for code, system in reversed((PATIENT_AUTHORITY | PROVIDER_AUTHORITY).items())}
