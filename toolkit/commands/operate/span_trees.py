"""The spans of a message as trees: what was part of what, and how long each step took."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.telemetry.traceparent import parse
from shared.telemetry.tracing import Finished
from toolkit import screen


@dataclass(eq=False)
class Tree:
    """A span and what was part of it, in the order of their starts."""

    span: Finished
    children: list["Tree"] = field(default_factory=list)

    def all(self) -> Iterator["Tree"]:
        yield self
        for child in self.children:
            yield from child.all()


class Forest:
    """Every span that is kept, by its place in its trace."""

    def __init__(self, spans: Iterable[Finished]) -> None:
        self._trees = {parse(span.traceparent): Tree(span) for span in sorted(spans, key=lambda one: one.start)}
        self._below: dict[Any, list[Tree]] = {}
        for tree in self._trees.values():
            above = parse(tree.span.parent)
            self._below.setdefault(above, []).append(tree)
            if above in self._trees:
                self._trees[above].children.append(tree)

    def of(self, contexts: Sequence[str]) -> list[Tree]:
        """The trees that these trace contexts belong to, each from its first known span; then those that they are linked to."""
        found = list(dict.fromkeys(tree for context in contexts for tree in self._tops(context)))
        links = [link for top in found for tree in top.all() for link in tree.span.links]
        return list(dict.fromkeys([*found, *(tree for link in links for tree in self._tops(link))]))

    def _tops(self, context: str) -> list[Tree]:
        """The first known span above a context; if the span itself is not kept, what is below it."""
        here = parse(context)
        if here is None or here not in self._trees:
            return self._below.get(here, []) if here else []
        while (above := parse(self._trees[here].span.parent)) in self._trees:
            here = above
        return [self._trees[here]]


def show_spans(contexts: Sequence[str], as_json: bool) -> int:
    """Print the traces of these contexts; the status to exit with, 1 if no span is kept."""
    from toolkit.local import spans

    trees = Forest(spans.read(spans.path())).of(contexts)
    if as_json:
        traces = [
            {"trace": _ids(tree.span.traceparent)[0], "continues": _parent(tree.span), "spans": [_values(tree)]} for tree in trees
        ]
        print(screen.as_json({"traces": traces}))
    else:
        _print(trees)
    return 0 if trees else 1


def _values(tree: Tree) -> dict[str, Any]:
    span = tree.span
    return {
        "name": span.name,
        "span": _ids(span.traceparent)[1],
        "kind": span.kind,
        "start": screen.iso(span.start),
        "ms": span.ms,
        "attributes": span.attributes,
        "links": [{"trace": trace, "span": id_} for trace, id_ in map(_ids, span.links)],
        "children": [_values(child) for child in tree.children],
    }


def _print(trees: list[Tree]) -> None:
    if not trees:
        print("no spans are kept of it: ./hub up keeps those of this machine, the workbook shows those in Azure")
    for tree in trees:
        above = _parent(tree.span)
        print(f"trace {_ids(tree.span.traceparent)[0]}" + (f"  continues span {above} of the caller" if above else ""))
        for line in _lines(tree, tree.span.start, 1):
            print(screen.line(line))


def _lines(tree: Tree, start: float, depth: int) -> Iterator[str]:
    """A span in a line, then what was part of it, further in: name, duration, time since the first span, attributes."""
    span = tree.span
    name = f"{'  ' * depth}{span.name}"
    about = [f"{key} {value}" for key, value in span.attributes.items() if value != ""]
    about += [f"linked to trace {_ids(link)[0]}" for link in span.links]
    yield f"{name:<20}{span.ms:>10.1f} ms  +{max(span.start - start, 0):.3f} s  {'  '.join(about)}".rstrip()
    for child in tree.children:
        yield from _lines(child, start, depth + 1)


def _parent(span: Finished) -> str:
    return _ids(span.parent)[1] if parse(span.parent) else ""


def _ids(traceparent: str) -> tuple[str, str]:
    return parse(traceparent) or ("", "")
