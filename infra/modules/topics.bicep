metadata description = 'Event Grid: the hub topic (published messages), the alarms topic (the second way to an alert), the blobs topic.'

import { Monitor, Stores, Tags, TopicPrincipals, Topics } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('Names of the topics.')
param topics Topics
@description('Tags of every resource.')
param tags Tags
@description('The two storage accounts.')
param stores Stores
@description('Where the diagnostics go.')
param monitor Monitor
@description('Whether it is reachable through a private endpoint only.')
param privateNetworking bool

@description('Published messages, and alarms of the watchdog: a path that no log ingestion delays.')
var names = [topics.events, topics.alarms]

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = [
  for name in names: {
    name: name
    location: location
    tags: tags
    identity: { type: 'SystemAssigned' }
    properties: {
      inputSchema: 'CloudEventSchemaV1_0'
      disableLocalAuth: true
      minimumTlsVersionAllowed: '1.2'
      dataResidencyBoundary: 'WithinRegion'
      publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    }
  }
]

resource content 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: stores.content
}

resource blobs 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topics.blobs
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: { source: content.id, topicType: 'Microsoft.Storage.StorageAccounts' }
}

resource topicAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = [
  for (name, i) in names: {
    name: 'audit'
    scope: topic[i]
    properties: {
      workspaceId: monitor.workspaceId
      logs: [{ category: 'DeliveryFailures', enabled: true }, { category: 'PublishFailures', enabled: true }]
    }
  }
]

resource blobsAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: blobs
  properties: { workspaceId: monitor.workspaceId, logs: [{ category: 'DeliveryFailures', enabled: true }] }
}

@description('Where the hub publishes messages.')
output eventsEndpoint string = topic[0].properties.endpoint
@description('Where the watchdog publishes alarms.')
output alarmsEndpoint string = topic[1].properties.endpoint
@description('Ids in Entra of the identities of the topics that deliver.')
output principals TopicPrincipals = { hub: topic[0].identity.principalId, storage: blobs.identity.principalId }
