metadata description = 'A trial in one command (azd up): the resource group, and in it the hub with the sizes of dev and public addresses.'

targetScope = 'subscription'

@description('Name of the trial: AZURE_ENV_NAME of azd.')
@maxLength(20)
param name string
@description('Where it is.')
param location string = deployment().location
@description('Application (client) id of the hub in Entra.')
param clientId string
@description('Applications that may call.')
param applications string[]
@description('Mailbox that owns the trial and receives its alerts.')
param owner string

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'inthub-trial-${name}'
  location: location
  tags: { 'azd-env-name': name, service: 'integration-hub', owner: owner }
}

module hub 'main.bicep' = {
  scope: group
  params: {
    environmentName: 'dev'
    location: location
    scale: { alwaysReady: 0, maximumInstances: 40, memory: 2048, httpConcurrency: 16, zoned: [] }
    signIn: { clientId: clientId, tenantId: tenant().tenantId, applications: applications }
    onCall: [owner]
    destinations: {}
    network: null
    storage: 'Standard_LRS'
    triedFromOutside: false
    ownership: { owner: owner, costCentre: 'trial', criticality: 'low', dataClass: 'synthetic' }
    telemetryDays: 30
    budget: 250
    runbooks: 'https://github.com/example/integration-hub/blob/main/docs/runbooks.md'
  }
}

@description('Address of the ops page.')
output OPS_URL string = hub.outputs.ops
