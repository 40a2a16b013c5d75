"""The national profile of a resource: that of its type, if the resource is valid by it."""

from shared.fhir.resource import Resource

WALES = "https://fhir.nhs.wales/StructureDefinition/DataStandardsWales-"
UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-"
OF_WALES = (
    "AllergyIntolerance",
    "DiagnosticReport",
    "Encounter",
    "Location",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "ServiceRequest",
    "Specimen",
)
OF_UK_CORE = ("Condition", "DocumentReference", "EpisodeOfCare", "Procedure", "RelatedPerson")
LABORATORY = ("Observation", "DiagnosticReport")


def profile(resource_type: str, laboratory: bool = False) -> str:
    """The profile of a type; ``""`` without one.

    >>> profile("Observation", laboratory=True)
    'https://fhir.nhs.wales/StructureDefinition/DataStandardsWales-Observation-Lab'
    """
    if resource_type in OF_WALES:
        return f"{WALES}{resource_type}{'-Lab' if laboratory and resource_type in LABORATORY else ''}"
    return UK_CORE + resource_type if resource_type in OF_UK_CORE else ""


def claimed(made: Resource, laboratory: bool = False) -> Resource:
    """The resource with its national profile in ``meta``, after its id; unchanged if it is not valid by the profile."""
    from shared.fhir.validation.profile_check import (
        is_valid,
    )  # here, so that a mapping that only names a profile does not load the check

    url = profile(made["resourceType"], laboratory)
    if not url or not is_valid(url, made):
        return made
    head = {"resourceType": made["resourceType"], "id": made["id"], "meta": {**made.get("meta", {}), "profile": [url]}}
    return {**head, **{name: value for name, value in made.items() if name not in head}}
