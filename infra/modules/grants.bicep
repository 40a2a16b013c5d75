metadata description = 'The roles of one app, each scoped to the one queue, table, container, component, topic or vault it is for.'

import { Stores } from '../types.bicep'
import { foldersOnly } from '../conditions.bicep'
import { roles } from '../roles.bicep'

@description('Name of the identity that gets the roles: the description of each assignment, which Azure shows next to its id.')
param identityName string
@description('Its id in Entra.')
param principalId string
@description('The two storage accounts.')
param stores Stores
@description('Queues that the app reads and writes: its own and their poison twins.')
param ownQueues string[]
@description('Queues that the app only writes.')
param sendQueues string[]
@description('Tables of the app.')
param tables string[]
@description('Containers of clinical content: in each the app works in its own folder.')
param containers string[]
@description('The folder of the app in each of these containers.')
param folder string
@description('Integrations whose content it reads, because it takes what they publish.')
param publishers string[]
@description('Container of the deployed package.')
param package string
@description('Name of the Application Insights component.')
param componentName string
@description('Name of the vault.')
param vaultName string
@description('Topics that the app may publish to.')
param topics string[]

@description('Container of the content of messages.')
var contentContainer = 'content'
@description('What a queue of one own takes: read and delete, send, count.')
var queueRoles = [roles.queueProcessor, roles.queueSender, roles.queueReader]
@description('Each own queue with each of these roles, and each other queue with the right to send.')
var queueGrants = concat(
  flatten(map(ownQueues, queue => map(queueRoles, role => { queue: queue, role: role }))),
  map(sendQueues, queue => { queue: queue, role: roles.queueSender })
)
@description('Blobs of the hub account: the leases and keys of the Functions host, and the package.')
var hubContainers = [
  { container: 'azure-webjobs-hosts', role: roles.blobOwner }
  { container: 'azure-webjobs-secrets', role: roles.blobOwner }
  { container: package, role: roles.blobContributor }
]
@description('Folders of the content account: its own to change, those of its publishers to read.')
var folderGrants = concat(
  map(containers, container => { container: container, folders: [folder], role: roles.blobContributor }),
  empty(publishers) ? [] : [{ container: contentContainer, folders: publishers, role: roles.blobReader }]
)

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = [
  for grant in queueGrants: {
    name: '${stores.hub}/default/${grant.queue}'
  }
]

resource queueRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in queueGrants: {
    name: guid(queue[i].id, principalId, grant.role)
    scope: queue[i]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: identityName
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
    }
  }
]

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = [
  for name in tables: {
    name: '${stores.hub}/default/${name}'
  }
]

resource tableRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in tables: {
    name: guid(table[i].id, principalId, roles.tableContributor)
    scope: table[i]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: identityName
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableContributor)
    }
  }
]

resource hubContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = [
  for grant in hubContainers: {
    name: '${stores.hub}/default/${grant.container}'
  }
]

resource hubContainerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in hubContainers: {
    name: guid(hubContainer[i].id, principalId, grant.role)
    scope: hubContainer[i]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: identityName
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
    }
  }
]

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = [
  for grant in folderGrants: {
    name: '${stores.content}/default/${grant.container}'
  }
]

resource containerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in folderGrants: {
    name: guid(container[i].id, principalId, grant.role)
    scope: container[i]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: identityName
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      conditionVersion: '2.0'
      condition: foldersOnly(grant.folders)
    }
  }
]

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource telemetryRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, principalId, roles.metricsPublisher)
  scope: component
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: identityName
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource secretRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, roles.secretsUser)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: identityName
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsUser)
  }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = [
  for name in topics: {
    name: name
  }
]

resource topicRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in topics: {
    name: guid(topic[i].id, principalId, roles.eventSender)
    scope: topic[i]
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      description: identityName
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventSender)
    }
  }
]
