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
