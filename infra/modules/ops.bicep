metadata description = 'The ops app: the ops page, and the watchdog over every integration.'

import { Monitor, Scale, Settings, SignIn, Stores, Tags } from '../types.bicep'
import { roles } from '../roles.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Name of the environment.')
param environmentName string
@description('Tags of every resource.')
param tags Tags
@description('The two storage accounts.')
param stores Stores
@description('Where telemetry and alerts go.')
param monitor Monitor
@description('Name of the vault.')
param vaultName string
@description('Size of the app.')
param scale Scale
@description('How people sign in.')
param signIn SignIn
@description('Settings that every app has.')
param settings Settings
@description('Name of the topic of alarms.')
param alarmsTopic string
@description('Name of the app.')
param appName string
@description('Whether the app is reachable through a private endpoint only.')
param privateNetworking bool
@description('Subnet of the app; empty without a private network.')
param subnetId string
@description('Roles over all integrations, each on one whole account: it watches, replays and purges for all of them.')
var wide = [
  { account: stores.hub, role: roles.tableContributor }
  { account: stores.hub, role: roles.queueSender }
  { account: stores.hub, role: roles.queueReader }
  { account: stores.content, role: roles.blobContributor }
]

@description('Name of the identity.')
var identityName = '${prefix}-ops-id'

module identity 'identity.bicep' = {
  params: { location: location, name: identityName, tags: tags }
}

module store 'store.bicep' = {
  params: {
    stores: stores
    queues: []
    tables: []
    package: 'package-ops'
    owner: 'integration-hub'
    queueDays: 7
  }
}

module grants 'grants.bicep' = {
  params: {
    identityName: identityName
    stores: stores
    ownQueues: []
    sendQueues: []
    tables: []
    containers: []
    package: 'package-ops'
    componentName: monitor.componentName
    vaultName: vaultName
    topics: [alarmsTopic]
  }
  dependsOn: [store, identity]
}

module wideGrants 'wide.bicep' = {
  params: { identityName: identityName, grants: wide }
  dependsOn: [identity]
}

module app 'app.bicep' = {
  params: {
    location: location
    name: appName
    tags: union(tags, { integration: 'ops' })
    package: 'package-ops'
    identityName: identityName
    service: 'ops'
    environmentName: environmentName
    stores: stores
    monitor: monitor
    scale: scale
    signIn: signIn
    people: true
    settings: union(settings, { HUB_ROLE: 'ops' })
    privateNetworking: privateNetworking
    subnetId: subnetId
  }
  dependsOn: [grants, wideGrants]
}

@description('Address of the ops page.')
output url string = 'https://${app.outputs.host}/api/ops'
