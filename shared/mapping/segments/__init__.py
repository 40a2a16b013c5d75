"""HL7 v2 to FHIR R4, segment by segment, as the guide has it."""
