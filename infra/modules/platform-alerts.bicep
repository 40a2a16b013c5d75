metadata description = 'Alerts on what the hub stands on, from the platform itself: they need neither the hub nor its logs.'

import { Monitor, Stores, Tags } from '../types.bicep'
import { actionsOf, activityActionsOf } from '../on-call.bicep'

@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Where alerts go.')
param monitor Monitor
@description('The two storage accounts.')
param stores Stores
@description('Names of the apps.')
param apps string[]

resource storage 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for (name, i) in [stores.hub, stores.content]: {
    name: '${prefix}-storage-unavailable-${i == 0 ? 'hub' : 'content'}'
    location: 'global'
    tags: tags
    properties: {
      description: 'Storage answers fewer than 99 % of requests. Runbook: ${monitor.runbooks}#alert-storage-unavailable'
      severity: 0
      enabled: true
      scopes: [resourceId('Microsoft.Storage/storageAccounts', name)]
      evaluationFrequency: 'PT1M'
      windowSize: 'PT5M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'Availability'
            metricNamespace: 'Microsoft.Storage/storageAccounts'
            metricName: 'Availability'
            operator: 'LessThan'
            threshold: 99
            timeAggregation: 'Average'
          }
        ]
      }
      actions: actionsOf(monitor, 0, 'storage-unavailable')
    }
  }
]

// The answers 500 and 503 have events of their own (no-verdict, crash). This needs no logs. One answer alone may be a move of instances.
resource errors 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for name in apps: {
    name: '${prefix}-server-errors-${name}'
    location: 'global'
    tags: tags
    properties: {
      description: 'An app answered five or more calls with 5xx in a quarter of an hour. Runbook: ${monitor.runbooks}#alert-server-errors'
      severity: 1
      enabled: true
      scopes: [resourceId('Microsoft.Web/sites', name)]
      evaluationFrequency: 'PT1M'
      windowSize: 'PT15M' // a metric arrives some minutes late
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'Http5xx'
            metricNamespace: 'Microsoft.Web/sites'
            metricName: 'Http5xx'
            operator: 'GreaterThan'
            threshold: 4
            timeAggregation: 'Total'
          }
        ]
      }
      actions: actionsOf(monitor, 1, 'server-errors')
    }
  }
]

resource health 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: '${prefix}-service-health'
  location: 'global'
  tags: tags
  properties: {
    description: 'Azure reports an incident of a service in this subscription. Runbook: ${monitor.runbooks}#alert-service-health'
    enabled: true
    scopes: [subscription().id]
    condition: {
      allOf: [
        { field: 'category', equals: 'ServiceHealth' }
        { field: 'properties.incidentType', equals: 'Incident' }
      ]
    }
    actions: { actionGroups: activityActionsOf(monitor) }
  }
}
