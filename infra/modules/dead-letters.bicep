metadata description = 'The topics may write what they could not deliver to the container of dead letters.'

import { Stores } from '../types.bicep'
import { roles } from '../roles.bicep'

@description('The two storage accounts.')
param stores Stores
@description('Identities of the topics.')
param senders {
  @description('Name of the topic: the description of the assignment.')
  name: string
  @description('Its id in Entra.')
  principalId: string
}[]

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  name: '${stores.hub}/default/event-dead-letters'
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for sender in senders: {
    name: guid(container.id, sender.principalId, roles.blobContributor)
    scope: container
    properties: {
      principalId: sender.principalId
      principalType: 'ServicePrincipal'
      description: sender.name
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
    }
  }
]
