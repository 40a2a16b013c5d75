metadata description = 'What all apps share: containers of content, the table of breakers, and the containers of the Functions host.'

import { Stores } from '../types.bicep'

@description('The two storage accounts.')
param stores Stores
@description('Tables that all apps share.')
param tables string[]
@description('Containers of clinical content.')
param containers string[]

// What the Functions host keeps, made beforehand so that a role can be scoped to it; and events that Event Grid could not deliver:
// an event names a lane and a number, never content, so it may be stored next to the packages.
@description('Containers of the hub account.')
var hubContainers = ['azure-webjobs-hosts', 'azure-webjobs-secrets', 'event-dead-letters']

resource hubBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  name: '${stores.hub}/default'
}

resource hubTables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  name: '${stores.hub}/default'
}

resource contentBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  name: '${stores.content}/default'
}

resource hubContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for name in hubContainers: {
    parent: hubBlobs
    name: name
    properties: { publicAccess: 'None' }
  }
]

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for name in containers: {
    parent: contentBlobs
    name: name
    properties: { publicAccess: 'None' }
  }
]

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for name in tables: {
    parent: hubTables
    name: name
  }
]
