"""The codes of WPAS, and what they are in HL7 v2 and in the lists of NHS Wales.

No public source has the meaning of the digits and letters of WPAS; what is inferred from other lists is marked, and a message
that uses it gets a warning. The owner of the feed confirms them.
"""

NULL = '""'  # WPAS writes it into nearly every element that it has no value for
LOCAL = "L"

# MSG_ID -> MSH-9
EVENTS = {
    "MPI": ("ADT", "A28", "ADT_A05"),
    "MPA": ("ADT", "A31", "ADT_A05"),
    "MPR": ("ADT", "A40", "ADT_A39"),
    "IPT": ("ADT", "A02", "ADT_A02"),
}
# Sex, as NHS Wales has it -> HL7 table 0001. U (an indeterminate new-born) is not the U (unknown) of HL7.
SEX = {"F": "F", "M": "M", "U": "A", "Z": "U"}
# Inferred from the NHS Data Dictionary of before October 2006 -> HL7 table 0002, with its text.
MARITAL_STATUS = {
    "1": ("S", "Single"),
    "2": ("M", "Married"),
    "3": ("D", "Divorced"),
    "4": ("W", "Widowed"),
    "5": ("A", "Separated"),
    "8": ("U", "Unknown"),
    "9": ("U", "Unknown"),
}
LANGUAGE_NOT_KNOWN = "9"
ETHNIC_CATEGORIES = "ABDEFGHJKLMNPRSTZ"  # inferred: the first letter is the national category, the second a local detail
NUMBER_STATUS = ("01", "02", "03", "04", "05", "06", "07", "08")
# Admission method of NHS Wales -> HL7 table 0007
ADMISSION = {
    **dict.fromkeys(("11", "12", "13"), "C"),
    **dict.fromkeys(("21", "22", "23", "24", "25", "27", "28"), "E"),
    **dict.fromkeys(("31", "32"), "L"),
    **dict.fromkeys(("82", "83"), "N"),
}
TREATMENT_TYPES = ("AC", "AT", "AD", "AL", "OT", "OA", "OR", "ET", "EA", "ED", "HC")
BOARDS = ("7A1", "7A2", "7A3", "7A4", "7A5", "7A6", "7A7", "RQF", "RT4", "RYT")
NOT_SENSITIVE = ("N", "NO", "0")  # any other value protects the record
