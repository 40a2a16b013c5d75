SEEN: frozenset[str] = frozenset()
