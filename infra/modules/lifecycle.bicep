metadata description = 'Safety net: deletes blobs of clinical content that the hub should have deleted.'

@description('Name of the content account.')
param account string
@description('One rule for each container.')
param rules {
  @description('Name of the container.')
  container: string
  @description('Days after the last change.')
  days: int
}[]

resource content 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: account
}

resource policy 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: content
  name: 'default'
  properties: {
    policy: {
      rules: [
        for rule in rules: {
          name: 'expire-${rule.container}'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${rule.container}/'] }
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: rule.days } }
              snapshot: { delete: { daysAfterCreationGreaterThan: rule.days } }
              version: { delete: { daysAfterCreationGreaterThan: rule.days } }
            }
          }
        }
      ]
    }
  }
}
