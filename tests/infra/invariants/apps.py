"""Each app stands alone, has the settings that it needs, and authenticates its callers."""

import re
from collections.abc import Iterator

from tests.infra.resources import PLAN, SITE, Resource, World, last

# Flex Consumption takes these from functionAppConfig, or refuses them.
NOT_ON_FLEX = {
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
    "WEBSITE_VNET_ROUTE_ALL",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "ENABLE_ORYX_BUILD",
}
NOT_IN_SITE_CONFIG = {"linuxFxVersion", "functionAppScaleLimit", "alwaysOn", "preWarmedInstanceCount", "healthCheckPath"}
SECRET_NAME = re.compile(r"(^|_)(KEY|SECRET|PASSWORD|TOKEN|PARTNERS)$")
NEEDED = {"HUB_ENVIRONMENT", "HUB_HASH_KEY", "HUB_HASH_KEY_VERSION", "HUB_PARTNERS", "HUB_PLATFORM_AUTH", "OTEL_SERVICE_NAME"}
OWN_CLIENT = ("AzureWebJobsStorage__clientId", "AZURE_CLIENT_ID", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING")
HOST_ID = re.compile(r"[a-z0-9](?!.*--)[a-z0-9-]{0,30}[a-z0-9]")


def _own_identity(site: Resource) -> str:
    """Resource id of the one identity of a site; empty when it has none or several."""
    identities = list(site["identity"].get("userAssignedIdentities", {}))
    return identities[0] if site["identity"]["type"] == "UserAssigned" and len(identities) == 1 else ""


def settings_are_those_of_flex(world: World) -> Iterator[str]:
    """No setting that Flex Consumption refuses, no secret in a setting, every trace kept."""
    for site in world.of(SITE):
        settings = world.settings(site)
        yield from (f"{site['name']}: {name}" for name in NOT_ON_FLEX & settings.keys())
        yield from (f"{site['name']}: {name}" for name in NOT_IN_SITE_CONFIG & site["properties"]["siteConfig"].keys())
        yield from (f"{site['name']}: no {name}" for name in NEEDED - settings.keys())
        for name, value in settings.items():
            if SECRET_NAME.search(name) and "@Microsoft.KeyVault(SecretUri=" not in str(value):
                yield f"{site['name']}: {name} is no reference to the vault"
        if settings.get("OTEL_TRACES_SAMPLER_ARG") != "1.0":
            yield f"{site['name']}: traces are sampled"
        if settings.get("HUB_ENVIRONMENT") != world.environment:
            yield f"{site['name']}: of another environment"


def an_app_works_under_its_own_identity(world: World) -> Iterator[str]:
    """One identity of its own, and storage, vault, telemetry, package and code all use that one."""
    seen: set[str] = set()
    for site in world.of(SITE):
        own, settings = _own_identity(site), world.settings(site)
        if not own or own in seen:
            yield f"{site['name']}: no identity of its own"
        seen.add(own)
        if site["properties"].get("keyVaultReferenceIdentity") != own:
            yield f"{site['name']}: the vault is read under another identity"
        store = site["properties"]["functionAppConfig"]["deployment"]["storage"]
        if store["authentication"] != {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": own}:
            yield f"{site['name']}: the package is read under another identity"
        yield from (
            f"{site['name']}: {name}" for name in OWN_CLIENT if f"/{own.rpartition('/')[2]}'" not in settings.get(name, "")
        )
        if settings.get("AzureWebJobsStorage__credential") != "managedidentity" or "AzureWebJobsStorage" in settings:
            yield f"{site['name']}: storage by key"


def a_host_has_its_own_id(world: World) -> Iterator[str]:
    """All hosts share one account: two of one id would share locks, timers and keys. The default is cut to 32 characters."""
    ids = [world.settings(site).get("AzureFunctionsWebHost__hostid", "") for site in world.of(SITE)]
    yield from (f"{each or 'none'}: not an id of a host" for each in ids if not HOST_ID.fullmatch(each))
    yield from (f"{each}: two apps" for each in {each for each in ids if ids.count(each) > 1})


def every_app_has_a_plan_that_updates_without_a_gap(world: World) -> Iterator[str]:
    """Flex Consumption, one plan each, instances replaced in turn."""
    plans = {r["id"]: r for r in world.of(PLAN)}
    used = [site["properties"]["serverFarmId"] for site in world.of(SITE)]
    for site in world.of(SITE):
        plan, config = plans.get(site["properties"]["serverFarmId"]), site["properties"]["functionAppConfig"]
        if not plan or plan["sku"]["name"] != "FC1" or used.count(plan["id"]) > 1:
            yield f"{site['name']}: plan"
        if config.get("siteUpdateStrategy") != {"type": "RollingUpdate"}:
            yield f"{site['name']}: an update stops what is running"
        if config["runtime"] != {"name": "python", "version": "3.13"}:
            yield f"{site['name']}: not the Python that the zip is built for"


def every_destination_has_an_address(world: World) -> Iterator[str]:
    """An app that knows no address accepts messages and never delivers one."""
    settings = {window.get("HUB_INTEGRATIONS"): window for site in world.of(SITE) if (window := world.settings(site))}
    for one in world.integrations:
        prefix, known = one["destination"]["name"], settings.get(one["name"], {})
        if not any(f"{prefix}__{name}" in known for name in ("HOST", "URL", "ENDPOINT", "QUEUE")):
            yield f"{one['name']}: no address of {prefix}"


def destinations_are_authenticated_and_encrypted(world: World) -> Iterator[str]:
    """TLS towards every address; an OAuth scope towards every FHIR server, which refuses an unknown caller."""
    settings = {window.get("HUB_INTEGRATIONS"): window for site in world.of(SITE) if (window := world.settings(site))}
    for one in world.integrations:
        prefix, known = one["destination"]["name"], settings.get(one["name"], {})
        if f"{prefix}__HOST" in known and known.get(f"{prefix}__TLS") != "true":
            yield f"{one['name']}: {prefix} without TLS"
        if f"{prefix}__URL" in known and not known[f"{prefix}__URL"].startswith("https://"):
            yield f"{one['name']}: {prefix} without TLS"
        if one["destination"]["kind"] == "fhir-server":
            asked = {"identity": ("SCOPE",), "client": ("TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET")}
            needed = asked.get(known.get(f"{prefix}__AUTH", "none"), ("AUTH that names a way",))
            yield from (f"{one['name']}: {prefix} without {name}" for name in needed if not known.get(f"{prefix}__{name}"))


def people_sign_in_and_the_code_knows_its_partners(world: World) -> Iterator[str]:
    """The ops app demands a sign-in; an integration's lets its code decide, because a key or a certificate brings no token."""
    for site in world.of(SITE):
        found = world.sign_in(site)
        asked, ops = found.get("globalValidation", {}), world.is_ops(site)
        required, action = (True, "RedirectToLoginPage") if ops else (False, "AllowAnonymous")
        if asked.get("requireAuthentication") is not required or asked.get("unauthenticatedClientAction") != action:
            yield f"{site['name']}: sign-in"
        if ops and asked.get("excludedPaths") != ["/api/health"]:
            yield f"{site['name']}: open paths"
        if found.get("platform", {}).get("enabled") is not True or found.get("httpSettings", {}).get("requireHttps") is not True:
            yield f"{site['name']}: the platform checks no token"
        yield from (f"{site['name']}: {fault}" for fault in _entra(found, ops))


def _entra(sign_in: Resource, ops: bool) -> Iterator[str]:
    entra = sign_in.get("identityProviders", {}).get("azureActiveDirectory", {})
    client = entra.get("registration", {}).get("clientId", "")
    checked = entra.get("validation", {})
    if entra.get("enabled") is not True or not client or "/v2.0" not in entra["registration"].get("openIdIssuer", ""):
        yield "no Entra application"
    if set(checked.get("allowedAudiences", ())) != {client, f"api://{client}"}:
        yield "tokens for another audience"
    if not ops and not checked.get("defaultAuthorizationPolicy", {}).get("allowedApplications"):
        yield "a token of any application is accepted"


def platform_headers_count_where_the_platform_sets_them(world: World) -> Iterator[str]:
    """The code believes the platform's headers in exactly those apps whose platform checks the caller and writes them itself."""
    for site in world.of(SITE):
        checks = {"principal"} if world.sign_in(site).get("platform", {}).get("enabled") is True else set()
        checks |= {"certificate"} if site["properties"].get("clientCertEnabled") is True else set()
        if set(filter(None, world.settings(site).get("HUB_PLATFORM_AUTH", "").split(","))) != checks:
            yield f"{site['name']}: believes other headers than its platform sets"
        if world.is_ops(site) == (site["properties"].get("clientCertEnabled") is True):
            yield f"{site['name']}: certificates are for partners only"
        if not world.is_ops(site) and site["properties"].get("clientCertMode") != "Optional":
            yield f"{site['name']}: a partner without a certificate is refused"


def an_app_runs_its_own_integration(world: World) -> Iterator[str]:
    """The tag by which the pipeline finds an app, its setting and its traces name the same integration."""
    for site in world.of(SITE):
        settings = world.settings(site)
        expected = "ops" if world.is_ops(site) else settings.get("HUB_INTEGRATIONS")
        named = {site["tags"].get("integration"), settings.get("OTEL_SERVICE_NAME")} == {expected}
        if not named or f"-{str(expected)[:20]}" not in last(site):
            yield f"{site['name']}: not {expected}"
