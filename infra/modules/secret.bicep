metadata description = 'One identity may read one secret.'

import { roles } from '../roles.bicep'

@description('Name of the identity: the description of the assignment.')
param identityName string
@description('Its id in Entra.')
param principalId string
@description('Name of the vault.')
param vaultName string
@description('Its name.')
param name string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName

  resource held 'secrets' existing = {
    name: name
  }
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault::held.id, principalId, roles.secretsUser)
  scope: vault::held
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: identityName
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsUser)
  }
}
