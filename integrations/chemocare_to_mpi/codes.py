"""Facts of the four Chemocare centres."""

# MSH-3.1 -> what the centre's patient numbers begin with at the MPI.
PREFIXES = {
    "224": "VCC",  # Velindre
    "212": "BCUCC",  # Betsi Cadwaladr
    "192": "SWWCC",  # South West Wales
    "245": "SEWCC",  # South East Wales
}

STRUCTURES = {"A28": "ADT_A05", "A31": "ADT_A05", "A40": "ADT_A39"}
