"""Facts of PIMS, the patient administration system of Bro Morgannwg, and of how the MPI wants its messages."""

PIMS = "103"  # its assigning authority, and its sending application and facility towards the MPI
TARGET = "200"  # the receiving application and facility
LOCAL_AUTHORITY = "108"  # whose number a pseudo NHS Number is
PSEUDO_NUMBERS = ("N3", "N4")
DELETE = '""'

# MSH-9.2 as PIMS sends it -> MSH-9 as the MPI takes it. Anything else is refused at the door.
MPI_TYPES = {
    "A04": ("ADT", "A28", "ADT_A05"),
    "A08": ("ADT", "A31", "ADT_A05"),
    "A40": ("ADT", "A40", "ADT_A39"),
}
