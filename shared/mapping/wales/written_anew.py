"""What each message writes under a new id, and why: for ``FhirProfile.new_id``. A declaration imports it without the mapping."""

EVERY_MESSAGE = {"Provenance": "each message records who changed what, and when"}
ADMISSIONS = {
    **EVERY_MESSAGE,
    "Encounter": "a visit without a number (PV1-19) is known by its message alone",
    "Observation": "a finding without a visit is another one each time",
    "Procedure": "a procedure without a visit is another one each time",
}
