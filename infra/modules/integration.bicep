metadata description = 'One integration: its identity, roles, app, events and availability test.'

import { appScale } from '../scale.bicep'
import { identity as identityNameOf, package as packageOf, plan } from '../names.bicep'
import { Integration, Monitor, Scale, Settings, SignIn, Stores, Tags, TopicPrincipals, Topics } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Name of the environment.')
param environmentName string
@description('Tags of every resource.')
param tags Tags
@description('The integration, from the manifest.')
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
@description('Whether the app is reachable through a private endpoint only.')
param privateNetworking bool
@description('Subnet of the app; empty without a private network.')
param subnetId string
@description('Where messages are published.')
param eventsEndpoint string
@description('Tables of the outboxes that it reads.')
param outbox string[]
@description('Ids in Entra of the identities of the topics.')
param topicPrincipals TopicPrincipals
@description('Whether the app is tried from the internet.')
param tried bool
@description('Tables that all apps share.')
param sharedTables string[]

@description('Tags with the owner.')
var own = union(tags, { integration: integration.name, owner: integration.owner })
@description('Name of the identity.')
var identityName = identityNameOf(prefix, integration.name)
@description('Container of the deployed package.')
var package = packageOf(integration.name)

module identity 'identity.bicep' = {
  params: { location: location, name: identityName, tags: own }
}

module grants 'grants.bicep' = {
  params: {
    identityName: identityName
    #disable-next-line what-if-short-circuiting // a role is named after the principal it is given to: modules/identity.bicep
    principalId: identity.outputs.principalId
    stores: stores
    ownQueues: concat(integration.queues, integration.poison)
    sendQueues: concat(integration.replies, map(integration.subscribers, name => '${name}-work'))
    tables: concat(integration.tables, sharedTables, outbox)
    containers: integration.containers
    folder: integration.name
    publishers: integration.publishers
    package: package
    componentName: monitor.componentName
    vaultName: vaultName
    topics: integration.publishes ? [topics.events, topics.alarms] : [topics.alarms]
  }
}

module app 'app.bicep' = {
  params: {
    location: location
    name: appName
    planName: plan(prefix, integration.name)
    tags: own
    package: package
    identityName: identityName
    service: integration.name
    environmentName: environmentName
    stores: stores
    monitor: monitor
    scale: appScale(scale, integration.name)
    signIn: signIn
    people: false
    settings: union(
      settings,
      { HUB_INTEGRATIONS: integration.name },
      integration.publishes ? { '${integration.destination.name}__ENDPOINT': eventsEndpoint } : {}
    )
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
      topicPrincipalId: topicPrincipals[event.topic]
    }
    dependsOn: [app]
  }
]

// Azure cannot reach a private network from outside: the heartbeat replaces this test there.
module availability 'availability.bicep' = if (tried) {
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
