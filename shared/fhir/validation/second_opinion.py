"""A second, independent check with ``fhir.resources``: in tests, on request, and at run time on a sample of messages.

It implements R4B, which is the same as R4 for the resources that the hub writes. It is slow to import and to run, so no message
waits for it.
"""

from typing import Any

from shared.fhir.definitions.names import mask_path
from shared.issue import Issue


def second_opinion(resource: dict[str, Any]) -> list[Issue]:
    """Each problem that ``fhir.resources`` reports, by path and kind. Its own texts quote values, so they are left out.

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
        severity="warning", code="processing", where=mask_path(where), text=f"fhir.resources: {kind}", rule="second-opinion"
    )


def _path(kind: str, parts: tuple[int | str, ...]) -> str:
    """The FHIR path of a place that pydantic reports, without the names of its classes."""
    path = kind
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part[:1].islower() or part[:1] == "_":
            path += f".{part}"
    return path
