#!/usr/bin/env bash
# drill.sh REGION_OF_RECOVERY [deploy]: the drill of docs/recovery.md, with the time that each step took.
# Without "deploy" it only says what would happen. RTO: from the start to a healthy ops app. RPO: what was acknowledged and is not here.
set -euo pipefail
cd "$(dirname "$0")/.."
location="$1" group="inthub-recovery" began=$SECONDS

step() { printf '%5d s  %s\n' "$((SECONDS - began))" "$1"; }

step "a resource group in $location"
az group create --name "$group" --location "$location" --output none
if [ "${2:-}" != deploy ]; then
    az deployment group what-if --resource-group "$group" --parameters infra/environments/recovery.bicepparam
    step "what would be deployed; nothing was changed"
    exit
fi
az deployment group create --resource-group "$group" --name "drill" --parameters infra/environments/recovery.bicepparam --output none
step "the template is deployed"
read -r -p "Secrets hash-key and partners are in the new vault, and the apps are deployed from their releases? [enter] " _
for name in $(az functionapp list --resource-group "$group" --query "[].name" --output tsv); do
    host=$(az functionapp show --resource-group "$group" --name "$name" --query defaultHostName --output tsv)
    until curl --fail --silent --max-time 10 "https://$host/api/health" > /dev/null; do sleep 2; done
    step "$name is up"
done
step "RTO of this drill. RPO: compare ./hub ledger of both regions, and ask the senders to resend from the last acknowledged hour"
