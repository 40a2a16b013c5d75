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


def unresolved() -> list[str]:
    """Names of the settings that hold a Key Vault reference as text, because Azure could not resolve it.

    As a key or a password it would be a text that anyone can guess.
    """
    return sorted(name for name, value in os.environ.items() if value.lstrip().lower().startswith("@microsoft."))


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
    return any(setting(name) for name in ("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "CONTAINER_APP_NAME"))


def on_developers_machine() -> bool:
    """Whether samples may stand in for settings: not in Azure, and no storage but an emulator's.

    A process elsewhere that works on a real account has real messages, so it is as closed as one in Azure.
    """
    storage = setting("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    emulated = storage == "UseDevelopmentStorage=true" or "AccountName=devstoreaccount1;" in storage
    return emulated and not in_azure() and not any(name.startswith("AzureWebJobsStorage__") for name in os.environ)


def platform_checks() -> frozenset[str]:
    """What the platform in front of this app checks and then states in headers of its own: ``principal``, ``certificate``.

    ``HUB_PLATFORM_AUTH`` is set by the deployment, together with the platform's authentication, and counts in Azure only.
    Empty: no platform is in front, so whatever looks like its header was written by the caller.
    """
    named = {name.strip() for name in setting("HUB_PLATFORM_AUTH").split(",")} - {""}
    return frozenset(named) if in_azure() else frozenset()
