#!/usr/bin/env bash
# known.sh ENVIRONMENT SUBSCRIPTION: what the template must know of Azure, as lines NAME=VALUE for the environment of a job.
set -euo pipefail
group="inthub-$1"
provider="https://management.azure.com/subscriptions/$2/resourceGroups/$group/providers/Microsoft.Consumption"

# A budget keeps the month in which it began.
start=$(az rest --method get --url "$provider/budgets?api-version=2024-08-01" --query "value[?name=='$group-month'].properties.timePeriod.startDate | [0]" --output tsv)
echo "BUDGET_START=${start:0:10}"

# A deleted vault cannot be purged, and a new one of its name is refused: it is recovered.
deleted=$(az keyvault list-deleted --resource-type vault --query "[?contains(properties.vaultId, '/$group/')] | length(@)" --output tsv)
if [ "$deleted" -gt 0 ]; then echo "RECOVER_VAULT=true"; fi
