"""Codes of a clinic's list."""

STATUS = {  # what the list says, in lower case -> FHIR AppointmentStatus
    "booked": "booked",
    "confirmed": "booked",
    "arrived": "arrived",
    "attended": "fulfilled",
    "did not attend": "noshow",
    "dna": "noshow",
    "cancelled": "cancelled",
}
EXPECTED = ("booked", "arrived", "fulfilled")  # the patient has accepted or come: FHIR ParticipationStatus accepted
GENDER = {"f": "female", "female": "female", "m": "male", "male": "male", "other": "other", "u": "unknown", "unknown": "unknown"}
