"""Settings come from the environment, as Azure gives them; one reader, so that every name can be found."""

import os


class SettingMissing(LookupError):
    """A setting that has no sane default is absent; the text names it."""


def setting(name: str, default: str = "") -> str:
    """The setting as text; the default when it is absent or empty."""
    return os.environ.get(name) or default


def required(name: str) -> str:
    """The setting as text; ``SettingMissing`` when it is absent or empty."""
    value = setting(name)
    if not value:
        raise SettingMissing(f"the setting {name} is missing")
    return value


def number(name: str, default: float) -> float:
    """The setting as a number; ``ValueError`` names the setting when it is none."""
    text = setting(name)
    try:
        return float(text) if text else default
    except ValueError:
        raise ValueError(f"the setting {name} is not a number") from None


def flag(name: str) -> bool:
    """Whether the setting says yes: ``1``, ``true``, ``yes`` or ``on``."""
    return setting(name).lower() in ("1", "true", "yes", "on")


def in_azure() -> bool:
    """Whether this process runs in Azure, where no setting may fall back to a local sample."""
    return bool(setting("WEBSITE_SITE_NAME"))
