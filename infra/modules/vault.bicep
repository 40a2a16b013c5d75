metadata description = 'Key Vault: secrets by role only, deleted ones recoverable for 90 days, every access audited.'

import { Tags } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('Name of the vault.')
param name string
@description('Tags of every resource.')
param tags Tags
@description('Workspace that the audit goes to.')
param workspaceId string
@description('Whether it is reachable through a private endpoint only.')
param privateNetworking bool
@description('Whether a deleted vault of this name is recovered: it cannot be purged, so a new one of the name would be refused.')
param recover bool

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    createMode: recover ? 'recover' : 'default'
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: privateNetworking ? 'Deny' : 'Allow' }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

@description('Address of the vault.')
output uri string = vault.properties.vaultUri!
