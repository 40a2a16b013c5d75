"""How much one body may hold, and why that much: far above real messages, and looked at before the memory is spent.

docs/onboarding.md lists these for partners.
"""

# HL7 v2. A real result message with 5,000 OBX, each with a note, has 10,000 segments.
SEGMENTS = 20_000
# The longest segment of HL7 v2.8 has 86 fields (IN1 has 53); senders add a few of their own.
FIELDS = 1_000
# A text report may come as one OBX-5 with a repetition for each line.
REPETITIONS = 20_000
# A numeric array (data type NA) has a component for each value of a curve. Components and subcomponents are counted apart.
COMPONENTS = 100_000
# Characters up to which a body cannot hold enough delimiters to matter, so that they are not counted in ordinary messages.
UNCOUNTED = 64 * 1024

# What identifies a message, in characters: HL7 v2 allows 199 for MSH-10 and 227 for MSH-3, and no row of a table holds 32,768.
IDENTIFIER = 512
MEDIA_TYPE = 256

# JSON. A bundle of 5,000 observations has about 200,000 values. 64 levels are more than FHIR's deepest element needs.
VALUES = 500_000
DEPTH = 64

# Answers and counters.
FINDINGS = 100  # issues in one answer: a sender corrects the first ones, and what caused the others goes with them
PLACES = 500  # places of an integration that may become a key of its counters
PROBES = 20  # places that one message may add to them: each is looked at by transforming the message again
