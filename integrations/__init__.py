"""The catalogue: one line per integration, its name and the module that declares it.

A module is imported only when it is asked for, so that an app pays the cold start of its own integrations alone.
"""

from collections.abc import Iterable
from importlib import import_module

from shared.integration import Integration

CATALOGUE: dict[str, str] = {
    "phw-to-mpi": "integrations.phw_to_mpi",
    "pims-to-mpi": "integrations.pims_to_mpi",
    "chemocare-to-mpi": "integrations.chemocare_to_mpi",
    "paris-to-mpi": "integrations.paris_to_mpi",
    "mosaiq-to-mpi": "integrations.mosaiq_to_mpi",
    "wds-to-mpi": "integrations.wds_to_mpi",
    "wpas-to-mpi": "integrations.wpas_to_mpi",
    "lims-demographics-to-mpi": "integrations.lims_demographics_to_mpi",
    "mpi-outbound": "integrations.mpi_outbound",
    "mpi-to-phw": "integrations.mpi_to_phw",
    "mpi-to-chemocare": "integrations.mpi_to_chemocare",
    "mpi-to-wis": "integrations.mpi_to_wis",
    "lims-results-to-cdr": "integrations.lims_results_to_cdr",
    "documents-to-cdr": "integrations.documents_to_cdr",
    "referrals-to-pas": "integrations.referrals_to_pas",
    "clinic-appointments-to-cdr": "integrations.clinic_appointments_to_cdr",
    "vaccinations-to-cdr": "integrations.vaccinations_to_cdr",
    "pas-adt-to-cdr": "integrations.pas_adt_to_cdr",
    "wpas-to-cdr": "integrations.wpas_to_cdr",
}


def load(name: str) -> Integration:
    """The declaration of one integration; ``KeyError`` when the catalogue has no such name."""
    integration = import_module(CATALOGUE[name]).INTEGRATION
    if not isinstance(integration, Integration):
        raise TypeError(f"{CATALOGUE[name]}.INTEGRATION is not an Integration")
    return integration


def load_all(names: Iterable[str] = ()) -> tuple[Integration, ...]:
    """The declarations of these integrations, or of the whole catalogue when none is named."""
    return tuple(load(name) for name in (tuple(names) or CATALOGUE))
