"""Whether an integration delivers, or runs next to the engine that it replaces and delivers nothing: ``<NAME>__MODE``."""

from shared.settings import setting

LIVE, OBSERVE = "live", "observe"


def setting_name(integration: str) -> str:
    """The setting of an integration.

    >>> setting_name("phw-to-mpi")
    'PHW_TO_MPI__MODE'
    """
    return f"{integration.replace('-', '_').upper()}__MODE"


def is_observed(integration: str) -> bool:
    """Whether messages that are accepted now are compared and not delivered; live without the setting.

    Raises:
        ValueError: the setting is another word. A typing error must not begin a delivery, nor end one.
    """
    name = setting_name(integration)
    mode = setting(name, LIVE)
    if mode not in (LIVE, OBSERVE):
        raise ValueError(f"the setting {name} is neither {LIVE} nor {OBSERVE}")
    return mode == OBSERVE
