"""The segments of HL7 v2, each from its FHIR resources: the inverse of mapping/segments."""
