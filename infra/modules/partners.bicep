metadata description = 'What one partner with an identity of its own may do: send to a queue and read its replies, or drop files into a folder.'

import { foldersOnly } from '../conditions.bicep'
import { Partner, Stores } from '../types.bicep'
import { roles } from '../roles.bicep'

@description('The partner.')
param partner Partner
@description('The two storage accounts.')
param stores Stores

@description('Each queue with the one role on it.')
var queueGrants = flatten(map(partner.queues, name => [
  { queue: '${name}-in', role: roles.queueSender }
  { queue: '${name}-replies', role: roles.queueProcessor }
]))

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = [
  for grant in queueGrants: {
    name: '${stores.hub}/default/${grant.queue}'
  }
]

resource queueRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in queueGrants: {
    name: guid(queue[i].id, partner.principalId, grant.role)
    scope: queue[i]
    properties: {
      principalId: partner.principalId
      principalType: 'ServicePrincipal'
      description: 'partner'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
    }
  }
]

resource acknowledgements 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  name: '${stores.content}/default/acknowledgements'
}

resource acknowledgementsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(partner.folders)) {
  name: guid(acknowledgements.id, partner.principalId, roles.blobReader)
  scope: acknowledgements
  properties: {
    principalId: partner.principalId
    principalType: 'ServicePrincipal'
    description: 'partner'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobReader)
    conditionVersion: '2.0'
    condition: foldersOnly(partner.folders)
  }
}

resource inbox 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  name: '${stores.content}/default/inbox'
}

resource inboxRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(partner.folders)) {
  name: guid(inbox.id, partner.principalId, roles.blobContributor)
  scope: inbox
  properties: {
    principalId: partner.principalId
    principalType: 'ServicePrincipal'
    description: 'partner'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
    conditionVersion: '2.0'
    condition: foldersOnly(partner.folders)
  }
}
