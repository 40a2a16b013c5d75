"""Fates of messages that are alike: a stream of them is converted once for the search, not once for each element of each.

Two messages are alike when they have the same elements, and the same text in each, but for elements that were copied word for
word into the output, days and times, and the control id: those have another text of the same shape.
"""

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any, Generic, NamedTuple, TypeVar

from shared.formats import leaves
from shared.leaves import Leaf

MANY = 500  # messages whose fates are remembered
SHORT = 4  # characters: a shorter text may be a code, and stand in the output by chance
TIME = re.compile(r"(?:19|20)\d{6}(?:\d{4,6}(?:\.\d+)?(?:[+-]\d{4})?)?")
DIGIT, LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
VARIES = ("MSH-7", "MSH-10")


F = TypeVar("F")  # a fate


class Kept(NamedTuple, Generic[F]):
    """A message's texts, each exact or as a shape, and its fates."""

    texts: tuple[tuple[bool, str], ...]
    fates: list[F]


class Memory(Generic[F]):
    """What was found for earlier messages of one integration."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], list[Kept[F]]] = {}
        self._count = 0

    def recall(self, content: Any) -> list[F] | None:
        """The fates of an earlier message that is alike; ``None`` when there was none."""
        every = list(leaves(content))
        alike = self._kept.get(tuple(leaf.path for leaf in every), ())
        texts, shapes = [leaf.text for leaf in every], shapes_of(every)
        for kept in alike:
            if all(
                (shape if free else text) == known for (free, known), text, shape in zip(kept.texts, texts, shapes, strict=True)
            ):
                return kept.fates
        return None

    def keep(self, content: Any, fates: list[F], output: Mapping[str, Any]) -> None:
        """Remember a message and what was found."""
        every = list(leaves(content))
        if self._count >= MANY or len(every) != len(fates):
            return
        shapes = shapes_of(every)
        copied = {str(text) for text in output.values()}
        free = [_is_free(leaf, copied) for leaf in every]
        texts = tuple(
            (is_free, shape if is_free else leaf.text) for leaf, shape, is_free in zip(every, shapes, free, strict=True)
        )
        self._kept.setdefault(tuple(leaf.path for leaf in every), []).append(Kept(texts, fates))
        self._count += 1


def shapes_of(every: Sequence[Leaf]) -> list[str]:
    """The shape of each text, and where the same text came first: ``aaaa 11``; elements with one text stay so."""
    first: dict[str, int] = {}
    return [f"{LETTER.sub('a', DIGIT.sub('1', leaf.text))} {first.setdefault(leaf.text, n)}" for n, leaf in enumerate(every)]


def _is_free(leaf: Leaf, copied: Set[str]) -> bool:
    """Whether another text of its shape has the same fate."""
    if leaf.path in VARIES or TIME.fullmatch(leaf.text):
        return True
    return len(leaf.text) >= SHORT and leaf.text in copied
