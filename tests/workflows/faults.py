# ruff: noqa: E501 - a fault is a row of a table
"""Faults of the workflows: file, what to find, what to write instead, and the gate or invariant that must object."""

import tempfile
from pathlib import Path

from tests.infra.planting import Fault, plant
from tests.workflows.invariants import INVARIANTS
from tests.workflows.parsed import read

BUILD, DEPLOY, DRIFT = (f".github/workflows/{name}.yml" for name in ("build", "deploy", "drift"))
PULL_REQUEST, RELEASE, ROLL_BACK, VERIFY = (
    f".github/workflows/{name}.yml" for name in ("pull-request", "release", "roll-back", "verify")
)

FAULTS = (
    Fault("a release without environment", RELEASE, r"    environment: \$\{\{ inputs\.environment \}\}-deploy\n    permissions:\n      contents: write\n      id-token: write\n      attestations", "    permissions:\n      contents: write\n      id-token: write\n      attestations", "every_job_has_its_environment_and_no_more_than_its_permissions"),
    Fault("a template without environment", RELEASE, r"    timeout-minutes: 90\n    environment: [^\n]*\n", "    timeout-minutes: 90\n", "every_job_has_its_environment_and_no_more_than_its_permissions"),
    Fault("production after dev", DEPLOY, r"needs: \[plan, test\]\n    if: [^\n]*", "needs: [plan, dev]\n    if: ${{ !cancelled() && needs.dev.result == 'success' }}", "environments_are_reached_in_order"),
    Fault("production although test failed", DEPLOY, r"needs\.test\.result == 'success'", "needs.test.result != 'skipped'", "environments_are_reached_in_order"),
    Fault("production always", DEPLOY, r"\!cancelled\(\) && needs\.test\.result", "always() && needs.test.result", "environments_are_reached_in_order"),
    Fault("the apps of dev in production", DEPLOY, r"needs\.plan\.outputs\.prod_names \}\}\n      infra", "needs.plan.outputs.dev_names }}\n      infra", "environments_are_reached_in_order"),
    Fault("deployment from any branch", DEPLOY, r"    if: github\.ref == 'refs/heads/main'\n", "", "only_the_branch_main_reaches_azure"),
    Fault("a push to any branch deploys", DEPLOY, r"    branches: \[main\]", "    branches: ['**']", "only_the_branch_main_reaches_azure"),
    Fault("a release from any branch", RELEASE, r"    name: start\n    if: [^\n]*\n", "    name: start\n", "only_the_branch_main_reaches_azure"),
    Fault("a roll-back from any branch", ROLL_BACK, r"    if: github\.ref == 'refs/heads/main'\n", "", "only_the_branch_main_reaches_azure"),
    Fault("a release that anyone starts", RELEASE, r"on:\n  workflow_call:", "on:\n  workflow_dispatch:\n  workflow_call:", "only_the_branch_main_reaches_azure"),
    Fault("no approval", RELEASE, r"    environment: \$\{\{ inputs\.environment \}\}\n", "", "a_release_is_approved_once_and_a_roll_back_by_no_one"),
    Fault("an approval for each app", RELEASE, r"environment: \$\{\{ inputs\.environment \}\}-deploy\n    permissions:\n      contents: write\n      id-token: write\n      att", "environment: ${{ inputs.environment }}\n    permissions:\n      contents: write\n      id-token: write\n      att", "a_release_is_approved_once_and_a_roll_back_by_no_one"),
    Fault("apps without approval", RELEASE, r"needs: \[start, approval, infrastructure\]", "needs: [start, infrastructure]", "a_release_is_approved_once_and_a_roll_back_by_no_one"),
    Fault("a roll-back waits for an approval", RELEASE, r"if: inputs\.release == '' && \(inputs\.infra", "if: (inputs.infra", "a_release_is_approved_once_and_a_roll_back_by_no_one"),
    Fault("apps on a template that failed", RELEASE, r"&& needs\.infrastructure\.result != 'failure'", "", "a_release_is_approved_once_and_a_roll_back_by_no_one"),
    Fault("the template without approval", RELEASE, r"    needs: approval\n    if: inputs\.infra", "    needs: start\n    if: inputs.infra", "a_release_is_approved_once_and_a_roll_back_by_no_one"),
    Fault("a roll-back waits behind deployments", ROLL_BACK, r"group: roll-back-[^\n]*", "group: deploy-${{ inputs.environment }}", "each_environment_is_changed_by_one_run_at_a_time"),
    Fault("two deployments of production at once", DEPLOY, r"group: deploy-prod", "group: deploy-${{ github.run_id }}", "each_environment_is_changed_by_one_run_at_a_time"),
    Fault("a deployment cut off by the next", DEPLOY, r"(deploy-prod\n      cancel-in-progress: )false", r"\1true", "each_environment_is_changed_by_one_run_at_a_time"),
    Fault("compared with the last push", DEPLOY, r"python -m toolkit\.release\.changed dev test prod", "python -m toolkit.release.changed", "each_environment_is_changed_by_one_run_at_a_time"),
    Fault("all apps at once", RELEASE, r"max-parallel: 1", "max-parallel: 16", "each_environment_is_changed_by_one_run_at_a_time"),
    Fault("attestation || true", RELEASE, r"(gh attestation verify [^\n]*)", r"\1 || true", "no_failure_is_hidden"),
    Fault("a failed verification goes on", RELEASE, r"      - name: Verify the deployed version\n", "      - name: Verify the deployed version\n        continue-on-error: true\n", "no_failure_is_hidden"),
    Fault("attestation removed", RELEASE, r"          gh attestation verify [^\n]*\n", "", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("attestation of any branch", RELEASE, r" --source-ref refs/heads/main", "", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("attestation skipped in a roll-back", RELEASE, r"      - name: Verify the attestation\n", "      - name: Verify the attestation\n        if: inputs.release == ''\n", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("the hash is not compared", RELEASE, r"          \(cd dist && sha256sum[^\n]*\n", "", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("deployed and never verified", RELEASE, r"          HUB_TOKEN=\"\$token\" python -m toolkit\.release\.smoke[^\n]*\n", "", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("any version will do", RELEASE, r' "\$\(unzip -p "dist/\$NAME\.zip" version\.txt\)"', "", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("Azure builds the zip again", RELEASE, r"remote-build: false", "remote-build: true", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("zips without provenance", BUILD, r"      - uses: actions/attest-build-provenance.*?(?=      - uses: actions/upload)", "", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("an old run replaces a newer version", RELEASE, r"            git merge-base --is-ancestor [^\n]*\n", "            echo known\n", "a_zip_is_attested_checked_deployed_and_verified"),
    Fault("the loss check removed from the pull request", PULL_REQUEST, r" --refuse-loss --allowed \"\$ALLOWED\"", "", "data_is_not_lost_unnoticed"),
    Fault("the loss check always allowed", PULL_REQUEST, r"ALLOWED: \$\{\{ contains[^\n]*\n        run: python -m toolkit\.release\.what_if", "ALLOWED: true\n        run: python -m toolkit.release.what_if", "data_is_not_lost_unnoticed"),
    Fault("removed integrations need no label", PULL_REQUEST, r"        run: python -m toolkit\.release\.removed[^\n]*\n", "        run: echo nothing\n", "data_is_not_lost_unnoticed"),
    Fault("the loss check removed from the release", RELEASE, r"          python -m toolkit\.release\.what_if [^\n]*--refuse-loss[^\n]*\n", "", "data_is_not_lost_unnoticed"),
    Fault("pull requests mint a partner's token", PULL_REQUEST, r"client-id: \$\{\{ vars\.AZURE_CLIENT_ID \}\}", "client-id: ${{ vars.AZURE_VERIFY_CLIENT_ID }}", "pull_requests_get_no_identity_of_a_partner"),
    Fault("verification under the identity of pull requests", VERIFY, r"matrix\.environment \}\}-verify", "matrix.environment }}-plan", "every_job_has_its_environment_and_no_more_than_its_permissions"),
    Fault("a fork gets an identity", PULL_REQUEST, r"(what-if \$\{\{ matrix\.environment \}\}\n    #[^\n]*\n)    if: [^\n]*\n", r"\1", "pull_requests_get_no_identity_of_a_partner"),
    Fault("a runner from the environment's variables", RELEASE, r"runs-on: \$\{\{ vars\[[^\n]*", "runs-on: ${{ vars.RUNNER || 'ubuntu-24.04' }}", "a_runner_is_chosen_where_it_is_known"),
    Fault("a job that may write everything", DRIFT, r"permissions: \{\}", "permissions: write-all", "every_job_has_its_environment_and_no_more_than_its_permissions"),
    Fault("a build that may write the code", BUILD, r"contents: read", "contents: write", "every_job_has_its_environment_and_no_more_than_its_permissions"),
    Fault("the gate without the compiler", PULL_REQUEST, r"          az bicep install[^\n]*\n", "", "everything_is_checked_before_it_comes_in"),
    Fault("the gate only for some paths", PULL_REQUEST, r"    types: \[opened", "    paths: ['shared/**']\n    types: [opened", "everything_is_checked_before_it_comes_in"),
    Fault("known vulnerabilities are not looked up", PULL_REQUEST, r"          audit/bin/pip-audit[^\n]*\n", "", "everything_is_checked_before_it_comes_in"),
    Fault("an action is not pinned", BUILD, r"actions/checkout@\w+ # v7\.0\.1", "actions/checkout@v7", "workflow gates"),
    Fault("a script runs what a stranger wrote", PULL_REQUEST, r"run: \.ci/run", "run: echo ${{ github.event.pull_request.title }}", "workflow gates"),
    Fault("a job that needs nothing that is there", DEPLOY, r"needs: \[plan, dev\]", "needs: [plan, devel]", "workflow gates"),
)  # fmt: skip


def caught(fault: Fault) -> set[str]:
    """The gates and invariants that see something wrong; the gates, which are slow, only where they are the ones to object."""
    from tests.workflows.test_workflows import gates

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(fault, root)
        if fault.caught_by == "workflow gates":
            return {"workflow gates"} if gates(root / ".github") else set()
        seen = read(root / ".github")
        return {invariant.__name__ for invariant in INVARIANTS if list(invariant(seen))}
