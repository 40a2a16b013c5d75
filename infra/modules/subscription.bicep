metadata description = 'Events to one integration: into its queue with the identity of the topic, what cannot be delivered to a container.'

import { Integration, Stores } from '../types.bicep'
import { roles } from '../roles.bicep'

@description('The integration that receives the events.')
param integration Integration
@description('Which of its event declarations.')
param index int
@description('The two storage accounts.')
param stores Stores
@description('Name of the topic that they come from.')
param topicName string
@description('Id in Entra of the identity of that topic.')
param topicPrincipalId string

@description('The declaration.')
var declared = integration.events[index]
@description('Name of the subscription.')
var name = '${integration.name}-${index}'
@description('What to deliver, in what schema, how often to try.')
var wanted = {
  includedEventTypes: declared.types
  subjectBeginsWith: declared.subjectBeginsWith
  enableAdvancedFilteringOnArrays: true
  // Each operator on its own: the type of a filter depends on its operator.
  advancedFilters: concat(
    map(filter(declared.filters, each => each.operatorType == 'StringIn'), each => {
      operatorType: 'StringIn'
      key: each.key
      values: each.values
    }),
    map(filter(declared.filters, each => each.operatorType == 'StringNotIn'), each => {
      operatorType: 'StringNotIn'
      key: each.key
      values: each.values
    }),
    map(filter(declared.filters, each => each.operatorType == 'StringContains'), each => {
      operatorType: 'StringContains'
      key: each.key
      values: each.values
    }),
    map(filter(declared.filters, each => each.operatorType == 'StringNotContains'), each => {
      operatorType: 'StringNotContains'
      key: each.key
      values: each.values
    }),
    map(filter(declared.filters, each => each.operatorType == 'StringBeginsWith'), each => {
      operatorType: 'StringBeginsWith'
      key: each.key
      values: each.values
    }),
    map(filter(declared.filters, each => each.operatorType == 'StringEndsWith'), each => {
      operatorType: 'StringEndsWith'
      key: each.key
      values: each.values
    })
  )
}
@description('Thirty attempts or one day, then dead-lettering.')
var retry = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
@description('Where undeliverable events are stored.')
var deadLetter = {
  identity: { type: 'SystemAssigned' }
  deadLetterDestination: {
    endpointType: 'StorageBlob'
    properties: { resourceId: hub.id, blobContainerName: 'event-dead-letters' }
  }
}
// Delivery by identity reaches storage queues, Service Bus and Event Hubs; a function is not among them ("Event delivery with a managed
// identity", Event Grid documentation), and a private one could not be reached.
@description('The queue that receives them: a storage queue is durable and needs no public endpoint.')
var toQueue = {
  identity: { type: 'SystemAssigned' }
  destination: {
    endpointType: 'StorageQueue'
    properties: {
      resourceId: hub.id
      queueName: '${integration.name}-in'
      queueMessageTimeToLiveInSeconds: integration.retention.deadContent * 86400
    }
  }
}
resource hub 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: stores.hub
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  name: '${stores.hub}/default/${integration.name}-in'
}

resource queueRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, topicPrincipalId, roles.queueSender)
  scope: queue
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    description: topicName
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueSender)
  }
}

resource hubTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (declared.topic == 'hub') {
  name: topicName
}

resource fromHub 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = if (declared.topic == 'hub') {
  parent: hubTopic
  name: name
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: wanted
    retryPolicy: retry
    deadLetterWithResourceIdentity: deadLetter
    deliveryWithResourceIdentity: toQueue
  }
  dependsOn: [queueRole]
}

resource blobsTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (declared.topic == 'storage') {
  name: topicName
}

resource fromBlobs 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = if (declared.topic == 'storage') {
  parent: blobsTopic
  name: name
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: wanted
    retryPolicy: retry
    deadLetterWithResourceIdentity: deadLetter
    deliveryWithResourceIdentity: toQueue
  }
  dependsOn: [queueRole]
}
