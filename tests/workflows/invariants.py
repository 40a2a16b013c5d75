"""What must be true of the workflows, as functions from the parsed files to what is wrong with them."""

import re
from collections.abc import Callable, Iterator

from tests.workflows.parsed import Workflows, condition, needs, place

Invariant = Callable[[Workflows], Iterator[str]]

ON_MAIN = "github.ref == 'refs/heads/main'"
ENVIRONMENTS = ("dev", "test", "prod")
MASKED = re.compile(r"\|\|\s*(true|:|exit 0)\b|set \+e")
# Workflow and job -> what it may; anything else has no permission beyond reading the code.
MAY = {
    ("build", "package"): {"contents": "read", "id-token": "write", "attestations": "write"},
    ("code-scanning", "codeql"): {"contents": "read", "actions": "read", "security-events": "write"},
    ("deploy", "build"): {"contents": "read", "id-token": "write", "attestations": "write"},
    ("docs", "publish"): {"pages": "write", "id-token": "write"},
    ("drift", "what-if"): {"contents": "read", "id-token": "write", "issues": "write"},
    ("pull-request", "impact"): {"contents": "read", "pull-requests": "write"},
    ("pull-request", "what-if"): {"contents": "read", "id-token": "write", "pull-requests": "write"},
    ("relay", "deploy"): {"contents": "read", "id-token": "write"},
    ("release", "app"): {"contents": "write", "id-token": "write", "attestations": "read", "actions": "read"},
    ("release", "infrastructure"): {"contents": "write", "id-token": "write"},
    ("verify", "app"): {"contents": "read", "id-token": "write"},
    **{
        (file, job): {"contents": "write", "id-token": "write", "attestations": "read", "actions": "read"}
        for file, job in (("roll-back", "roll-back"), *(("deploy", environment) for environment in ENVIRONMENTS))
    },
}
# Workflow and job -> the GitHub environment whose identity it gets. All but -plan are for the branch main alone.
ENVIRONMENT = {
    ("docs", "publish"): "github-pages",
    ("drift", "what-if"): "${{ matrix.environment }}-plan",
    ("pull-request", "what-if"): "${{ matrix.environment }}-plan",
    ("relay", "deploy"): "${{ inputs.environment }}-deploy",
    ("release", "app"): "${{ inputs.environment }}-deploy",
    ("release", "approval"): "${{ inputs.environment }}",
    ("release", "infrastructure"): "${{ inputs.environment }}-deploy",
    ("verify", "app"): "${{ matrix.environment }}-verify",
}


def environments_are_reached_in_order(seen: Workflows) -> Iterator[str]:
    """Dev before test before prod, each only after the one before was verified."""
    for environment, before in {"dev": "build", "test": "dev", "prod": "test"}.items():
        job = seen.job("deploy", environment)
        if not {"plan", before} <= needs(job):
            yield f"{environment} does not wait for {before}"
        if job.get("uses") != "./.github/workflows/release.yml" or job.get("with", {}).get("environment") != environment:
            yield f"{environment} is not released like the others"
        if f"needs.{before}.result == 'success'" not in condition(job):
            yield f"{environment} runs without the success of {before}"
        given = job.get("with", {})
        if (given.get("names"), given.get("infra")) != (
            f"${{{{ needs.plan.outputs.{environment}_names }}}}",
            f"${{{{ needs.plan.outputs.{environment}_infra == 'true' }}}}",
        ):
            yield f"{environment} gets something else than what it lacks"
    if "always()" in "".join(condition(seen.job("deploy", each)) for each in ENVIRONMENTS):
        yield "a deployment that runs whatever happened"


def only_the_branch_main_reaches_azure(seen: Workflows) -> Iterator[str]:
    """The first job of each such workflow asks for the branch; GitHub's environments ask again."""
    first = (
        ("deploy", "plan"),
        ("release", "start"),
        ("roll-back", "roll-back"),
        ("verify", "plan"),
        ("drift", "what-if"),
        ("relay", "deploy"),
        ("docs", "build"),
        ("docs", "publish"),
    )
    yield from (f"{file}/{job} runs on any branch" for file, job in first if condition(seen.job(file, job)) != ON_MAIN)
    triggers = seen.parsed["deploy"]["on"]
    if triggers.get("push") != {"branches": ["main"]} or set(triggers) != {"push", "workflow_dispatch"}:
        yield "deploy starts for something else than a merge"
    yield from (f"{file}: pull_request_target" for file, each in seen.parsed.items() if "pull_request_target" in str(each["on"]))
    if set(seen.parsed["release"]["on"]) != {"workflow_call"}:
        yield "release can be started without its checks"


def a_release_is_approved_once_and_a_roll_back_by_no_one(seen: Workflows) -> Iterator[str]:
    """The environment with the reviewers is asked by one job, on which template and apps wait."""
    approval, app = seen.job("release", "approval"), seen.job("release", "app")
    asked = [
        name for file, name, job in seen.jobs() if file == "release" and job.get("environment") == "${{ inputs.environment }}"
    ]
    if asked != ["approval"] or approval.get("strategy"):
        yield f"approval is asked by {asked}"
    if not condition(approval).startswith("inputs.release == ''") or "start" not in needs(approval):
        yield "a roll-back waits for an approval"
    if "approval" not in needs(seen.job("release", "infrastructure")) or "always()" in condition(
        seen.job("release", "infrastructure")
    ):
        yield "the template is deployed without approval"
    if "approval" not in needs(app) or "(needs.approval.result == 'success' || inputs.release != '')" not in condition(app):
        yield "an app is deployed without approval"
    if "infrastructure" not in needs(app) or "needs.infrastructure.result != 'failure'" not in condition(app):
        yield "an app is deployed on a template that failed"


def each_environment_is_changed_by_one_run_at_a_time(seen: Workflows) -> Iterator[str]:
    """GitHub keeps one run waiting and cancels an older one: that is safe, because each run compares with what is deployed."""
    for environment in ENVIRONMENTS:
        expected = {"group": f"deploy-{environment}", "cancel-in-progress": False}
        if seen.job("deploy", environment).get("concurrency") != expected:
            yield f"{environment}: two runs at once"
    if "concurrency" in seen.parsed["deploy"]:
        yield "a run that waits for the approval of production stops those of dev"
    if "deploy" in str(seen.parsed["roll-back"].get("concurrency")):
        yield "a roll-back waits behind a deployment"
    plan = seen.steps("deploy", "plan")
    if place(plan, "toolkit.release.changed dev test prod") < 0 or "github.event.before" in seen.texts["deploy"]:
        yield "changes are compared with the last push, not with what is deployed"
    if seen.job("release", "app").get("strategy", {}).get("max-parallel") != 1:
        yield "two apps at once: a bad version reaches all before the first is verified"


def a_zip_is_attested_checked_deployed_and_verified(seen: Workflows) -> Iterator[str]:
    """In this order, and nothing hides a failure."""
    built, app = seen.steps("build", "package"), seen.steps("release", "app")
    if not 0 <= place(built, "hub package") < place(built, "attest-build-provenance") < place(built, "upload-artifact"):
        yield "a zip is not attested before it is kept"
    order = [
        place(app, each)
        for each in (
            "--is-ancestor",
            "gh attestation verify",
            "functions-action",
            "AZURE_VERIFY_CLIENT_ID",
            "release.smoke",
            "record.sh",
        )
    ]
    if order != sorted(order) or order[0] < 0:
        yield f"steps of a release: {order}"
    for step in app:
        if "gh attestation verify" in str(step.get("run")) and ("sha256sum --check" not in step["run"] or "if" in step):
            yield "hash and attestation are not always checked"
        if "release.smoke" in str(step.get("run")) and ("version.txt" not in step["run"] or "if" in step):
            yield "the deployed version is not verified"
    if "--source-ref refs/heads/main" not in seen.texts["release"]:
        yield "a zip of any branch has an attestation"
    given = next((step["with"] for step in app if "functions-action" in str(step.get("uses"))), {})
    if given.get("remote-build") is not False or given.get("package") != "dist/${{ matrix.name }}.zip":
        yield "something else than the tested zip is deployed"


def data_is_not_lost_unnoticed(seen: Workflows) -> Iterator[str]:
    """A pull request that removes queues or tables, and a template that deletes data, need the label."""
    gate, what_if, infra = (
        seen.steps(*each) for each in (("pull-request", "gate"), ("pull-request", "what-if"), ("release", "infrastructure"))
    )
    removed = next((step for step in gate if "toolkit.release.removed" in str(step.get("run"))), {})
    refused = next((step for step in what_if if "--refuse-loss" in str(step.get("run"))), {})
    for what, step in (("removed", removed), ("what-if", refused)):
        label = "${{ contains(github.event.pull_request.labels.*.name, 'deletes-data') }}"
        if step.get("env", {}).get("ALLOWED") != label or '--allowed "$ALLOWED"' not in step.get("run", ""):
            yield f"{what}: the loss of data is not asked about"
    if not 0 <= place(infra, "--refuse-loss --allowed false") < place(infra, "deployment group create"):
        yield "the template is deployed without the check"
    if "labeled" not in seen.parsed["pull-request"]["on"]["pull_request"]["types"]:
        yield "a label does not run the check again"


def every_job_has_its_environment_and_no_more_than_its_permissions(seen: Workflows) -> Iterator[str]:
    """Each identity is bound to one GitHub environment; the token of a job may do what its steps need."""
    for file, name, job in seen.jobs():
        if job.get("permissions", "none") not in ({}, {"contents": "read"}) and job.get("permissions") != MAY.get((file, name)):
            yield f"{file}/{name}: {job.get('permissions', 'no')} permissions"
        if (file, name) in MAY and job.get("permissions") != MAY[file, name]:
            yield f"{file}/{name}: lacks a permission"
        environment = job.get("environment")
        if (environment["name"] if isinstance(environment, dict) else environment) != ENVIRONMENT.get((file, name)):
            yield f"{file}/{name}: environment {environment}"
        if "uses" not in job and not job.get("timeout-minutes"):
            yield f"{file}/{name}: no time limit"
    yield from (f"{file}: permissions for all jobs" for file, each in seen.parsed.items() if each.get("permissions") != {})


def pull_requests_get_no_identity_of_a_partner(seen: Workflows) -> Iterator[str]:
    """Code of a pull request can use every token of its job: it may look at Azure, and call no app."""
    for step in (step for job in seen.parsed["pull-request"]["jobs"] for step in seen.steps("pull-request", job)):
        if "HUB_AUDIENCE" in str(step) or "AZURE_VERIFY_CLIENT_ID" in str(step) or "deployment group create" in str(step):
            yield "a pull request can call an app or change Azure"
    fork = "github.event.pull_request.head.repo.full_name == github.repository"
    if condition(seen.job("pull-request", "what-if")) != fork:
        yield "a fork gets an identity"
    for file, name in (("verify", "app"), ("release", "app")):
        calls = [step for step in seen.steps(file, name) if "get-access-token" in str(step.get("run"))]
        if not calls:
            yield f"{file}/{name}: calls no app"


def a_runner_is_chosen_where_it_is_known(seen: Workflows) -> Iterator[str]:
    """Variables of an environment exist only once the job runs: runs-on may ask the repository alone."""
    for file, name, job in seen.jobs():
        runner = str(job.get("runs-on", ""))
        if "vars." in runner or "secrets" in runner:
            yield f"{file}/{name}: {runner}"
    for file, source in (("release", "inputs"), ("verify", "matrix")):
        if (
            seen.job(file, "app").get("runs-on")
            != f"${{{{ vars[format('RUNNER_{{0}}', {source}.environment)] || 'ubuntu-24.04' }}}}"
        ):
            yield f"{file}: an app in a private network is out of reach"


def no_failure_is_hidden(seen: Workflows) -> Iterator[str]:
    """No step that must fail the job goes on after an error."""
    for file, name, job in seen.jobs():
        if "continue-on-error" in str(job):
            yield f"{file}/{name}: goes on after an error"
        for step in job.get("steps", ()):
            if found := MASKED.search(str(step.get("run", ""))):
                yield f"{file}/{name}: {found[0]}"


def everything_is_checked_before_it_comes_in(seen: Workflows) -> Iterator[str]:
    """The gate, known vulnerabilities, secrets, new dependencies and CodeQL run for every pull request, for any change."""
    gate = seen.steps("pull-request", "gate")
    if place(gate, ".ci/run") < 0 or place(gate, "az bicep install") < 0 or condition(seen.job("pull-request", "gate")):
        yield "the gate does not run, or without the compiler"
    chain = str(seen.steps("pull-request", "supply-chain"))
    tools = ("pip-audit --strict", "detect-secrets-hook", "--require-hashes", "lock --check")
    yield from (f"supply chain: no {tool}" for tool in tools if tool not in chain.replace("/bin/", " "))
    if place(seen.steps("pull-request", "dependency-review"), "dependency-review-action") < 0:
        yield "new dependencies are not reviewed"
    if "paths" in str(seen.parsed["pull-request"]["on"]) or "pull_request" not in seen.parsed["code-scanning"]["on"]:
        yield "a change that nothing checks"


INVARIANTS: tuple[Invariant, ...] = (
    environments_are_reached_in_order,
    only_the_branch_main_reaches_azure,
    a_release_is_approved_once_and_a_roll_back_by_no_one,
    each_environment_is_changed_by_one_run_at_a_time,
    a_zip_is_attested_checked_deployed_and_verified,
    data_is_not_lost_unnoticed,
    every_job_has_its_environment_and_no_more_than_its_permissions,
    pull_requests_get_no_identity_of_a_partner,
    a_runner_is_chosen_where_it_is_known,
    no_failure_is_hidden,
    everything_is_checked_before_it_comes_in,
)
