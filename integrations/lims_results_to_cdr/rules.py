"""The national results standard as the profile of this integration, with waivers per family of senders."""

from dataclasses import dataclass

from shared.hl7 import Message
from shared.issue import Issue


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResultsStandard:
    """ORU_R01 of NHS Wales. A waived rule is a warning for everybody who sends to this integration."""

    name: str = "NHS Wales ORU_R01 2.0.0"
    waived: tuple[str, ...] = ()

    def check(self, message: Message) -> list[Issue]:
        from integrations.lims_results_to_cdr.standard import oru_standard  # its rows are read by those who check

        return [self._weighed(issue) for issue in oru_standard(message)]

    def _weighed(self, issue: Issue) -> Issue:
        return issue._replace(severity="warning") if issue.rule in self.waived and issue.is_error else issue
