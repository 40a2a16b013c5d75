metadata description = 'The ops app: the ops page, and the watchdog over every integration.'

import { identity as identityNameOf, package as packageOf, plan } from '../names.bicep'
import { appScale } from '../scale.bicep'
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
var identityName = identityNameOf(prefix, 'ops')

module identity 'identity.bicep' = {
  params: { location: location, name: identityName, tags: tags }
}

module store 'store.bicep' = {
  params: {
    stores: stores
    queues: []
    tables: []
    package: packageOf('ops')
    owner: tags.owner
    queueDays: 7
  }
}

module grants 'grants.bicep' = {
  params: {
    identityName: identityName
    #disable-next-line what-if-short-circuiting // a role is named after the principal it is given to: modules/identity.bicep
    principalId: identity.outputs.principalId
    stores: stores
    ownQueues: []
    sendQueues: []
    tables: []
    containers: []
    folder: 'ops'
    publishers: []
    package: packageOf('ops')
    componentName: monitor.componentName
    vaultName: vaultName
    topics: [alarmsTopic]
  }
  dependsOn: [store]
}

module wideGrants 'wide.bicep' = {
  params: {
    identityName: identityName
    #disable-next-line what-if-short-circuiting // a role is named after the principal it is given to: modules/identity.bicep
    principalId: identity.outputs.principalId
    grants: wide
  }
}

module app 'app.bicep' = {
  params: {
    location: location
    name: appName
    planName: plan(prefix, 'ops')
    tags: union(tags, { integration: 'ops' })
    package: packageOf('ops')
    identityName: identityName
    service: 'ops'
    environmentName: environmentName
    stores: stores
    monitor: monitor
    scale: union(appScale(scale, 'ops'), { alwaysReady: 0, maximumInstances: 40 })
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
