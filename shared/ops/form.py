"""What each form has: a reason, a confirmation, and words for what was not possible."""

from shared.delivery.dead import Person as Actor
from shared.ops.access import Person
from shared.ops.frame import Problems, Request
from shared.ops.words import words

LONGEST = 200  # characters of a reason


def missing(request: Request, *more: str, confirm: bool = True) -> Problems:
    """What the form lacks: the reason, the confirmation, and the fields ``more``."""
    selected = (*more, "why", *(["confirm"] if confirm else []))
    w = words(request.language)
    return tuple((name, w[f"{name}_missing"]) for name in selected if not request.form.get(name, "").strip())


def actor(request: Request, who: Person) -> Actor:
    """Who acts, and why, as the audit keeps it."""
    return Actor(who.name, reason(request))


def reason(request: Request) -> str:
    """The reason that a person gives, at most ``LONGEST`` characters."""
    return request.form.get("why", "").strip()[:LONGEST]


def refusal(why: str, request: Request) -> str:
    """Why something was not possible, in words."""
    w = words(request.language)
    return w.get(f"refused_{why}", w["refused_not-possible"])
