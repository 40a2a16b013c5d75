"""The files of ``tree`` belong to a copy of the repository: they cannot be imported here."""

collect_ignore = ["tree"]
