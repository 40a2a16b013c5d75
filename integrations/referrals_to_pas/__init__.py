"""Referrals in FHIR to the Patient Administration System, which takes REF^I12."""

from typing import Any

from integrations.referrals_to_pas import mapping, rules
from integrations.referrals_to_pas.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.fhir.source import Fhir
from shared.integration import Http, Integration
from shared.validation import Hl7Profile
from shared.validation.rules import control_id
from shared.validation.structures import REF_I12

ENTRIES = (
    *("MessageHeader", "ServiceRequest", "Patient", "Practitioner", "PractitionerRole", "Organization", "Condition"),
    *("AllergyIntolerance", "DocumentReference", "Binary", "Coverage", "Encounter", "Provenance"),
)


def patient(bundle: Any) -> str:
    """The NHS Number; ``""`` when the referral has none."""
    numbers = mapping.the("Patient", bundle).get("identifier", ())
    return next((str(each.get("value", "")) for each in numbers if each.get("system") == rules.NHS_NUMBER), "")


def lane(bundle: Any) -> str:
    """The NHS Number, else the patient's first identifier."""
    numbers = mapping.the("Patient", bundle).get("identifier", ())
    return patient(bundle) or next((f"{each.get('system', '')}|{each.get('value', '')}" for each in numbers), "")


INTEGRATION = Integration(
    name="referrals-to-pas",
    summary="Referrals sent as FHIR bundles reach the Patient Administration System as REF^I12.",
    owner="integration-team@example.nhs.wales",
    source=Fhir(bundle_types=("message", "collection"), entries=ENTRIES),
    triggers=(Http(),),
    profile=rules.ReferralProfile(),
    lane=lane,
    transform=mapping.referral,
    outgoing=Hl7Profile(name="REF^I12 2.5.1", structures={"REF_I12": REF_I12}, rules=(control_id,)),
    destination=Mllp("PAS"),
    patient=patient,
    dropped=rules.DROPPED,
    seen=SEEN,
)
