"""The places that some sample of this integration fills. Generated with the mapping sheet, never written."""

PLACES = """
birth_date clinic clinic_name clinician date family gender given id minutes nhs_number note organisation phone
postcode reason status time
"""

SEEN = frozenset(PLACES.split())
