"""Limits on one body, with their reasons: far above real messages, and checked before memory is allocated.

docs/onboarding.md lists these for partners.
"""

# HL7 v2. A real result message with 5,000 OBX, each with a note, has 10,000 segments.
SEGMENTS = 20_000
# The longest segment of HL7 v2.8 has 86 fields (IN1 has 53); senders add a few of their own.
FIELDS = 1_000
# A text report may be one OBX-5 with a repetition for each line.
REPETITIONS = 20_000
# A numeric array (data type NA) has a component for each value of a curve. Components and subcomponents have separate counts.
COMPONENTS = 100_000
# In a body of fewer characters, delimiters are not counted: it cannot have enough of them to exceed a limit by much.
UNCOUNTED = 64 * 1024

# The identity of a message, in characters: HL7 v2 allows 199 for MSH-10 and 227 for MSH-3; a table row cannot store 32,768.
IDENTIFIER = 512
MEDIA_TYPE = 256

# JSON. A bundle of 5,000 observations has about 200,000 values. 64 levels are more than FHIR's deepest element needs.
VALUES = 500_000
DEPTH = 64

# XML has as many elements, and as many attributes, as JSON has values, and nests as deep. WPAS names have 26 characters at most.
XML_NAME = 256  # characters, with a prefix
XML_ATTRIBUTES = 256  # of one element; SOAP and FHIR need fewer than ten
# libxml2 keeps each name that a thread has read until the thread ends: a name in about 60 bytes of memory. The declared names of
# all formats are about 10,000.
XML_NAMES = 50_000
XML_PROLOG = 64  # comments and processing instructions before the root

# Answers and counters.
FINDINGS = 100  # issues in one answer; correcting the first ones often corrects the others
TABLE_FINDINGS = 100_000  # of rejected rows in the answer to a CSV file, and of accepted ones: as many as a large file has rows
OUTCOME_FINDINGS = 10_000  # the same as an OperationOutcome, where a finding takes 2 KB of memory
PLACES = 500  # places of an integration that may be counted, each with its own key
PROBES = 20  # places that one message may add; each needs one more transformation of the message

# CSV. A large clinic's list has hundreds of rows; an extract of a year has 100,000. A row has a few hundred characters.
ROWS = 1_000_000
ROW = 1024 * 1024
COLUMNS = 1_000
