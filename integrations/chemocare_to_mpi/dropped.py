"""Why elements of a Chemocare message are not mapped; ``[2]`` means every repetition after the first."""

CODE = "the MPI takes the code alone"
NAME = "the MPI takes the surname alone"
NOT_HELD = "the MPI does not take it from this source"
NO_PLACE = "the MPI's interface for this source has no place for the segment"
FIRST = "the MPI takes the first repetition only"

DROPPED = {
    **{f"MSH-{n}": "the MPI knows applications and facilities by the first component" for n in (3, 4, 5, 6)},
    "MSH-7": "the MPI takes the time alone, without its precision",
    "MSH-9": "the structure follows from the event",
    "MSH-12": "the MPI takes version 2.5",
    "PID-3": "the MPI's identifiers are made from PID-2, which every centre fills",
    "PID-2": "the number alone makes both identifiers",
    "PID-5": "the MPI takes the first name, eleven components",
    "PID-6": NAME,
    "PID-9": NAME,
    **{f"PID-{n}": CODE for n in (10, 17, 22)},
    "PID-11[2]": FIRST,
    **{f"PID-11.{n}": "the MPI takes the lines, the type and the other designation of an address" for n in (6, 9, 10, 11, 12)},
    **{f"PID-13.{n}": "the MPI takes the number, its use and the e-mail address" for n in (3, *range(5, 13))},
    "PID-14[2]": FIRST,
    **{f"PID-14.{n}": "the MPI takes the number and its use" for n in range(3, 13)},
    "PID-29": "the MPI takes the date alone, without its precision",
    **{f"PID-{n}": NOT_HELD for n in (4, 12, 15, 16, 18, 19, 20, 21, *range(23, 29), 30, 31, *range(33, 39))},
    **{f"PD1-{n}": NOT_HELD for n in (1, 2, *range(5, 22))},
    "PD1-3": "the MPI takes the first practice, its name and its number",
    "PD1-4": "the MPI takes the first practitioner, its number, name and prefix",
    "NK1-2": "the MPI takes surname, given name and type of name",
    "NK1-3": CODE,
    "NK1-4": "the MPI takes the first two lines and the type of the address",
    "NK1-5": "the MPI takes the first number alone",
    **{f"NK1-{n}": NOT_HELD for n in range(6, 38)},
    "MRG": "the MPI takes the merged patient's number alone, with the centre's prefix",
    "ROL": "roles of staff: " + NO_PLACE,
    "DB1": "disabilities: " + NO_PLACE,
    "DRG": "diagnosis related group: " + NO_PLACE,
    "ACC": "accident: " + NO_PLACE,
    "UB1": "billing: " + NO_PLACE,
    "UB2": "billing: " + NO_PLACE,
}
