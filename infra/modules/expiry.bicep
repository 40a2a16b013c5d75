metadata description = 'Secrets and certificates of the vault that are about to expire: Event Grid opens an alert of Azure Monitor.'

import { Monitor, Tags } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Where alerts go.')
param monitor Monitor
@description('Name of the vault.')
param vaultName string

@description('Thirty days before, and on the day. A secret without an expiry date has none of these events.')
var types = map(
  ['SecretNearExpiry', 'SecretExpired', 'CertificateNearExpiry', 'CertificateExpired'],
  name => 'Microsoft.KeyVault.${name}'
)

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: '${prefix}-vault'
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: { source: vault.id, topicType: 'Microsoft.KeyVault.Vaults' }

  resource expiring 'eventSubscriptions' = {
    name: 'expiring'
    properties: {
      // An alert of Azure Monitor takes this schema only.
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      filter: { includedEventTypes: types }
      destination: {
        endpointType: 'MonitorAlert'
        properties: {
          severity: 'Sev2'
          description: 'A secret or a certificate expires. Runbook: ${monitor.runbooks}#alert-expiring'
          actionGroups: [monitor.actionGroupId]
        }
      }
    }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: topic
  properties: { workspaceId: monitor.workspaceId, logs: [{ category: 'DeliveryFailures', enabled: true }] }
}
