"""The definitions of FHIR R4 that the hub checks by: types, codes, names and the formats of primitives."""
