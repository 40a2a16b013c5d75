"""What ``fhir.resources`` says of a resource: an independent reading, in tests, on request, and at run time on a sample.

It knows R4B, which for what we write is R4; it is slow to import and to ask, so it is never in a message's way.
"""

from typing import Any

from shared.fhir.names import masked
from shared.issue import Issue


def second_opinion(resource: dict[str, Any]) -> list[Issue]:
    """Each thing that ``fhir.resources`` finds, by path and kind; its texts quote values and are left out.

    >>> second_opinion({"resourceType": "Patient", "gender": "male"})
    []
    >>> [(issue.where, issue.rule) for issue in second_opinion({"resourceType": "Patient", "birthDate": "soon"})]
    [('Patient.birthDate', 'second-opinion')]
    """
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    kind = str(resource.get("resourceType", ""))
    try:
        get_fhir_model_class(kind).model_validate(resource)
    except KeyError:
        return [_issue(kind, "unknown type")]
    except ValidationError as error:
        places = {_path(kind, found["loc"]): found["type"] for found in error.errors(include_input=False, include_url=False)}
        return [_issue(path, found) for path, found in places.items()]
    return []


def _issue(where: str, kind: str) -> Issue:
    return Issue(
        severity="warning", code="processing", where=masked(where), text=f"fhir.resources: {kind}", rule="second-opinion"
    )


def _path(kind: str, parts: tuple[int | str, ...]) -> str:
    """A FHIR path out of the places that pydantic names; the names of its classes are left out."""
    path = kind
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part[:1].islower() or part[:1] == "_":
            path += f".{part}"
    return path
