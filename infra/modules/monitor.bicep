metadata description = 'Workspace, Application Insights and the action group. No local authentication anywhere.'

import { Tags } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('Names of the workspace, the component and the action group.')
param names {
  @description('Workspace.')
  workspace: string
  @description('Component.')
  component: string
  @description('Action group of every alert.')
  actionGroup: string
  @description('Action group that pages the on-call engineer.')
  pager: string
}
@description('Tags of every resource.')
param tags Tags
@description('Days that telemetry is kept.')
param retentionDays int
@description('Email addresses that receive every alert.')
param onCall string[]
@description('Whether there is an action group that pages the on-call engineer.')
param pagesOnCall bool
@description('Address of the on-call service.')
@secure()
param pager string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: names.workspace
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
    // No daily cap: a cap silences alerts. The budget watches the cost instead.
    workspaceCapping: { dailyQuotaGb: -1 }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: names.component
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
    DisableIpMasking: false
  }
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: names.actionGroup
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'inthub'
    emailReceivers: [for (address, i) in onCall: { name: 'on-call-${i}', emailAddress: address, useCommonAlertSchema: true }]
    armRoleReceivers: [
      // Monitoring Contributor of this subscription
      { name: 'monitoring-contributor', roleId: '749f88d5-cbae-40b8-bcfc-e573ddc772fa', useCommonAlertSchema: true }
    ]
  }
}

resource pagerGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (pagesOnCall) {
  name: names.pager
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'inthub-wake'
    webhookReceivers: [{ name: 'on-call', serviceUri: pager, useCommonAlertSchema: true }]
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: workspace
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}
