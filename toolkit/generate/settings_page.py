"""The page of the settings of destinations, made from what each kind declares (``KIND.settings``)."""

from shared.destinations.kinds.kind import Kind, every

INTRODUCTION = """\
A destination reads its settings under the name that the integration gives it: `MPI__HOST` is the setting `HOST` of the system
`MPI`. On your machine they are in `local.settings.json`; in Azure they are application settings, and a secret is a reference to
the Key Vault. `PHW_TO_MPI__MODE`, under the name of an integration, is `live`, or `observe` for a parallel run
([taking over an integration](../migration.md)).

If no address is set on your machine, `./hub up` starts the simulated system where there is one.
"""


def page(stale: str) -> str:
    """The whole page; ``stale`` is the remark that it is generated."""
    sections = [_section(kind) for kind in every() if kind.settings]
    return "\n\n".join(part.strip() for part in ("# Settings of destinations", stale, INTRODUCTION, *sections)) + "\n"


def _section(kind: Kind) -> str:
    rows = (f"| `{each.key}` | {each.text} | {'yes' if each.is_address else ''} |" for each in kind.settings)
    simulated = "Simulated on your machine." if kind.simulator else "Not simulated."
    return "\n".join([f"## {kind.label}\n\n{simulated}\n", "| Setting | Meaning | Address |", "|---|---|---|", *rows])
