"""Settings from the environment, as Azure provides them. All code reads them here, so that every name can be found."""

import os


class SettingMissing(LookupError):
    """A required setting is absent; the text names it."""


class SettingInvalid(ValueError):
    """A setting has a value that cannot be used; the text names it."""


def setting(name: str, default: str = "") -> str:
    """The setting as text; the default if it is absent or empty."""
    return os.environ.get(name) or default


def required(name: str) -> str:
    """The setting as text; ``SettingMissing`` if it is absent or empty."""
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
    """The setting as a number; ``SettingInvalid``, which names the setting, if it is not a number."""
    text = setting(name)
    try:
        return float(text) if text else default
    except ValueError:
        raise SettingInvalid(f"the setting {name} is not a number") from None


def flag(name: str) -> bool:
    """Whether the setting is ``1``, ``true``, ``yes`` or ``on``."""
    return setting(name).lower() in ("1", "true", "yes", "on")


def in_azure() -> bool:
    """Whether this process runs in Azure, where samples must not replace settings."""
    return any(setting(name) for name in ("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "CONTAINER_APP_NAME"))


def on_developers_machine() -> bool:
    """Whether samples may replace settings: not in Azure, and only with the storage emulator.

    A process outside Azure with a real storage account has real messages, so the rules of Azure apply to it.
    """
    storage = setting("AzureWebJobsStorage", "UseDevelopmentStorage=true")
    emulated = storage == "UseDevelopmentStorage=true" or "AccountName=devstoreaccount1;" in storage
    return emulated and not in_azure() and not any(name.startswith("AzureWebJobsStorage__") for name in os.environ)


def platform_checks() -> frozenset[str]:
    """What the platform in front of this app checks and then sets as headers: ``principal``, ``certificate``.

    The deployment sets ``HUB_PLATFORM_AUTH`` together with the authentication of the platform. It is used only in Azure. Empty:
    there is no platform, so a header with one of its names is from the caller.
    """
    named = {name.strip() for name in setting("HUB_PLATFORM_AUTH").split(",")} - {""}
    return frozenset(named) if in_azure() else frozenset()
