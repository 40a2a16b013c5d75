metadata description = 'Queues with their poison twins, tables and the container of the package of one app.'

import { Stores } from '../types.bicep'

@description('The two storage accounts.')
param stores Stores
@description('Queues that functions read, their poison twins and the replies.')
param queues string[]
@description('Tables of the ledger.')
param tables string[]
@description('Name of the container of the deployed package.')
param package string
@description('Their owner.')
param owner string
@description('Days after which messages left in a queue are deleted.')
param queueDays int

resource hubQueues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  name: '${stores.hub}/default'
}

resource hubTables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  name: '${stores.hub}/default'
}

resource hubBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  name: '${stores.hub}/default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for name in queues: {
    parent: hubQueues
    name: name
    properties: { metadata: { owner: owner, retentiondays: string(queueDays) } }
  }
]

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for name in tables: {
    parent: hubTables
    name: name
  }
]

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: hubBlobs
  name: package
  properties: { publicAccess: 'None', metadata: { owner: owner } }
}
