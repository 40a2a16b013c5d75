"""The rows of the HL7 v2-to-FHIR guide, and which of them the hub's mapping implements: found by trying each.

The tables are a cut of the guide's message and segment maps (hl7.fhir.uv.v2mappings 1.0.0, commit 8c9b414 of
2025-10-01, CC0-1.0): the message types that the hub converts, the rows that have a target.
"""
