metadata description = 'One integration: its identity, queues and tables, roles, app, events and availability test.'

import { Integration, Monitor, Scale, Settings, SignIn, Stores, Tags, Topics } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Name of the environment.')
param environmentName string
@description('Tags of every resource.')
param tags Tags
@description('The integration as the manifest says it.')
param integration Integration
@description('The two storage accounts.')
param stores Stores
@description('Where telemetry and alerts go.')
param monitor Monitor
@description('Name of the app.')
param appName string
@description('Name of the vault.')
param vaultName string
@description('Size of the app.')
param scale Scale
@description('How callers sign in.')
param signIn SignIn
@description('Settings of the destination and those that every app has.')
param settings Settings
@description('Names of the topics.')
param topics Topics
@description('Whether the app is reached by private endpoint only.')
param privateNetworking bool
@description('Subnet of the app; empty without a private network.')
param subnetId string
@description('Whether events go to the function directly: only when its code is deployed.')
param directEvents bool

@description('Tables that all apps share.')
param sharedTables string[]

@description('Tags with the owner.')
var own = union(tags, { integration: integration.name, owner: integration.owner })
@description('Name of the identity.')
var identityName = '${prefix}-${integration.name}-id'
@description('Container of the deployed package.')
var package = 'package-${integration.name}'

module identity 'identity.bicep' = {
  params: { location: location, name: identityName, tags: own }
}

module store 'store.bicep' = {
  params: {
    stores: stores
    queues: concat(integration.queues, integration.poison, integration.replies)
    tables: integration.tables
    package: package
    owner: integration.owner
    queueDays: integration.retention.deadContent
  }
}

module grants 'grants.bicep' = {
  params: {
    identityName: identityName
    stores: stores
    ownQueues: concat(integration.queues, integration.poison)
    sendQueues: integration.replies
    tables: concat(integration.tables, sharedTables)
    containers: integration.containers
    package: package
    componentName: monitor.componentName
    vaultName: vaultName
    topics: integration.destination.kind == 'topic' ? [topics.events] : []
  }
  dependsOn: [store, identity]
}

module app 'app.bicep' = {
  params: {
    location: location
    name: appName
    tags: own
    package: package
    identityName: identityName
    service: integration.name
    environmentName: environmentName
    stores: stores
    monitor: monitor
    scale: scale
    signIn: signIn
    people: false
    settings: union(settings, { HUB_INTEGRATIONS: integration.name })
    privateNetworking: privateNetworking
    subnetId: subnetId
  }
  dependsOn: [grants]
}

module subscription 'subscription.bicep' = [
  for (event, i) in integration.events: {
    params: {
      integration: integration
      index: i
      stores: stores
      topicName: event.topic == 'hub' ? topics.events : topics.blobs
      direct: directEvents
      appName: appName
    }
    dependsOn: [store, app]
  }
]

// From inside a private network nothing of Azure can knock from outside: the heartbeat takes its place.
module availability 'availability.bicep' = if (!privateNetworking) {
  params: {
    location: location
    prefix: prefix
    tags: own
    name: integration.name
    host: app.outputs.host
    monitor: monitor
  }
}

@description('Address of the integration.')
output url string = 'https://${app.outputs.host}/api/v1/${integration.name}'
