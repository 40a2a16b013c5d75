metadata description = 'Roles on a whole storage account. Only the ops app has them.'

@description('Name of the identity that gets the roles: the description of each assignment.')
param identityName string
@description('Its id in Entra.')
param principalId string
@description('Which role on which account.')
param grants {
  @description('Name of the account.')
  account: string
  @description('Id of the role.')
  role: string
}[]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = [
  for grant in grants: {
    name: grant.account
  }
]

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in grants: {
    name: guid(account[i].id, principalId, grant.role)
    scope: account[i]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: identityName
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
    }
  }
]
