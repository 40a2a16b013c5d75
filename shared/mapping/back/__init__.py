"""FHIR R4 to HL7 v2: the inverse of the guide."""
