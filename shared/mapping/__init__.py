"""HL7 v2 to FHIR R4 by the HL7 v2-to-FHIR guide, and back: datatypes, segments, messages, code tables."""

from shared.mapping.back.bundle import Composed, compose_bundle, from_bundle
from shared.mapping.guide import Converted, convert, mapping_issues, to_bundle

__all__ = ["Composed", "Converted", "compose_bundle", "convert", "from_bundle", "mapping_issues", "to_bundle"]
