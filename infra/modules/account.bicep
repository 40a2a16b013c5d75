metadata description = 'One storage account: no shared keys, no anonymous access, TLS 1.2, its services audited.'

import { Tags } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('Name of the account.')
param name string
@description('Tags of every resource.')
param tags Tags
@description('Workspace that the audit goes to.')
param workspaceId string
@description('Whether it is reachable through a private endpoint only.')
param privateNetworking bool
@description('Whether every read of a blob is logged, too: for clinical content.')
param auditReads bool
@description('Whether every read of a table is logged: the ledger holds the bodies of messages until they are delivered.')
param auditTables bool
@description('Redundancy: the zones of one region, or one zone where there are none.')
param sku 'Standard_ZRS' | 'Standard_LRS'

@description('Logged for blobs.')
var blobLogs = auditReads ? ['StorageRead', 'StorageWrite', 'StorageDelete'] : ['StorageWrite', 'StorageDelete']

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: privateNetworking ? 'Deny' : 'Allow' }
    sasPolicy: { sasExpirationPeriod: '00.01:00:00', expirationAction: 'Block' }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: {
        blob: { enabled: true, keyType: 'Account' }
        file: { enabled: true, keyType: 'Account' }
        queue: { enabled: true, keyType: 'Account' }
        table: { enabled: true, keyType: 'Account' }
      }
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // Delivered content must not survive its deletion: no soft delete, no versions, no change feed.
      isVersioningEnabled: false
      changeFeed: { enabled: false }
      deleteRetentionPolicy: { enabled: false }
      containerDeleteRetentionPolicy: { enabled: false }
    }
  }

  resource queues 'queueServices' = { name: 'default' }

  resource tables 'tableServices' = { name: 'default' }
}

resource blobAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [for category in blobLogs: { category: category, enabled: true }]
  }
}

resource queueMetrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::queues
  properties: { workspaceId: workspaceId, metrics: [{ category: 'Transaction', enabled: true }] }
}

resource tableAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::tables
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'StorageRead', enabled: auditTables }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}
