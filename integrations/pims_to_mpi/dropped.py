"""Why elements of a PIMS message are not mapped; ``[2]`` means every repetition after the first."""

DEMOGRAPHICS = "the MPI takes demographics only from this source"
HEADER = "the MPI knows PIMS by fixed codes of its own"
NUMBER = "the MPI takes the number alone: PIMS sends no usable type or use"
VISIT = "the MPI holds no visits: it gets N (not applicable) with every update, nothing with a merge"
NO_PLACE = "the MPI's interface for this source has no place for the segment"

DROPPED = {
    **{f"MSH-{n}": HEADER for n in (3, 4, 5, 6, 17, 19)},
    "MSH-9": "replaced by the MPI's own event and structure",
    "MSH-12": "the MPI takes version 2.5",
    **{f"MSH-{n}": "the MPI does not use it from this source" for n in (14, 15, 16, 18, 20, 21)},
    **{f"EVN-{n}": "the MPI takes the event and its times alone" for n in (3, 4, 5, 7)},
    **{f"PID-{n}": DEMOGRAPHICS for n in (1, 2, 4, 6, 9, 10, 12, *range(15, 29), *range(30, 40))},
    "PID-3": "the MPI takes the first NHS Number (NI) and the first PIMS number (PI), each with the MPI's own authority and type",
    "PID-5": "the MPI takes the first repetition, and of it surname, given names, suffix and prefix",
    "PID-11": "the MPI takes the first repetition, and of it the five lines of the address",
    "PID-13": NUMBER,
    "PID-14": NUMBER,
    "PD1": "the MPI takes the practitioner and the surgery alone, as numbers, and neither with a merge",
    "PV1": VISIT,
    "MRG": "the MPI takes the merged PIMS number alone, with its own authority and type",
    "NK1": "next of kin are kept by PIMS: " + DEMOGRAPHICS,
    "ROL": "roles of staff: " + NO_PLACE,
    "DB1": "disabilities: " + NO_PLACE,
    "DRG": "diagnosis related group: " + NO_PLACE,
    "ACC": "accident: " + NO_PLACE,
    "UB1": "billing: " + NO_PLACE,
    "UB2": "billing: " + NO_PLACE,
}
