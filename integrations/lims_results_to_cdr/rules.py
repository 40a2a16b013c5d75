"""The national results standard as the profile of this integration, with waivers per family of senders."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.hl7 import Message
from shared.issue import Issue
from shared.mapping.mapped import mapped_to_fhir
from shared.validation.policy import FRONT_DOOR_RULES, Listed, destination, is_raised, quality, shared_rules


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResultsStandard:
    """ORU_R01 of NHS Wales: what it demands, refuses. A waived rule warns; ``refuses`` raises one of its warnings."""

    name: str = "NHS Wales ORU_R01 2.0.0"
    waived: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()

    def check(self, message: Message) -> list[Issue]:
        from integrations.lims_results_to_cdr.standard import oru_standard  # its rows are read by those who check

        return [self._weighed(issue) for issue in (*oru_standard(message), *mapped_to_fhir(message))]

    def _weighed(self, issue: Issue) -> Issue:
        if issue.rule in self.waived and issue.is_error:
            return issue._replace(severity="warning")
        return issue._replace(severity="error") if is_raised(issue, self.refuses) else issue

    def listed(self) -> Iterator[Listed]:
        """Each row of the standard with its clause, for the interface sheet."""
        from integrations.lims_results_to_cdr.standard import ROWS

        yield from shared_rules(FRONT_DOOR_RULES)
        for row in ROWS:
            demanded = row.severity == "error" and row.id not in self.waived
            policy = (destination if demanded else quality)(f"the national results standard, clause {row.clause}", row.text)
            severity = "error" if demanded or row.id in self.refuses else row.severity if row.id not in self.waived else "warning"
            yield Listed(rule=row.id, text=row.text, policy=policy, severity=severity)
