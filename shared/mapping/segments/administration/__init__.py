"""Segments of patient administration (chapters 3, 6 and 15): the patient, the visit, related persons and insurance."""
