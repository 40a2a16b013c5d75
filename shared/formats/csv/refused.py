"""Why a table cannot be read as a whole."""

from shared.issue import Issue


class TableError(ValueError):
    """The table cannot be read. The text has positions and names of declared columns, never the content of a cell.

    Args:
        rule: the id of the rule. where: the column; ``""`` for the whole file.
    """

    def __init__(self, rule: str, text: str, where: str = "") -> None:
        super().__init__(text)
        self.rule, self.where = rule, where

    @property
    def issue(self) -> Issue:
        return Issue(severity="fatal", code="structure", where=self.where, text=str(self), rule=self.rule, clause="RFC 4180")
