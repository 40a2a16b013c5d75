metadata description = 'Event Grid: the hub topic (published messages), the alarms topic (the second way to an alert), the blobs topic.'

import { Monitor, Stores, Tags, Topics } from '../types.bicep'
import { roles } from '../roles.bicep'

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

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  name: '${stores.hub}/default/event-dead-letters'
}

resource topicDeadLetterRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deadLetters.id, topic[0].id, roles.blobContributor)
  scope: deadLetters
  properties: {
    principalId: topic[0].identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
  }
}

resource blobsDeadLetterRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deadLetters.id, blobs.id, roles.blobContributor)
  scope: deadLetters
  properties: {
    principalId: blobs.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
  }
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
