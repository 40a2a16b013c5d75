metadata description = 'Alerts that do not depend on log ingestion: events that Event Grid could not deliver, and alarms of the watchdog.'

import { Monitor, Tags, Topics } from '../types.bicep'
import { actionsOf } from '../on-call.bicep'

@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Where alerts go.')
param monitor Monitor
@description('Names of the topics.')
param topics Topics

@description('Topic of published messages.')
var eventsId = resourceId('Microsoft.EventGrid/topics', topics.events)
@description('Topic of alarms.')
var alarmsId = resourceId('Microsoft.EventGrid/topics', topics.alarms)
@description('System topic of blobs.')
var blobsId = resourceId('Microsoft.EventGrid/systemTopics', topics.blobs)

@description('One rule for each metric that must stay at zero.')
var rules = concat(
  flatten(map(['DeadLetteredCount', 'DroppedEventCount'], metric => [
    { name: 'event-undelivered-events-${metric}', runbook: 'event-undelivered', metric: metric, scope: eventsId, space: 'topics' }
    {
      name: 'event-undelivered-blobs-${metric}'
      runbook: 'event-undelivered'
      metric: metric
      scope: blobsId
      space: 'systemTopics'
    }
  ])),
  [
    // The watchdog publishes only when a message is overdue or a failure was not alerted: the second way to the people on call.
    { name: 'watchdog', runbook: 'watchdog', metric: 'PublishSuccessCount', scope: alarmsId, space: 'topics' }
    { name: 'watchdog-mute', runbook: 'watchdog', metric: 'PublishFailCount', scope: alarmsId, space: 'topics' }
  ]
)

resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in rules: {
    name: '${prefix}-${rule.name}'
    location: 'global'
    tags: tags
    properties: {
      description: '${rule.metric} of Event Grid is not zero. Runbook: ${monitor.runbooks}#alert-${rule.runbook}'
      severity: 1
      enabled: true
      scopes: [rule.scope]
      evaluationFrequency: 'PT1M'
      windowSize: 'PT5M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: rule.metric
            metricNamespace: 'Microsoft.EventGrid/${rule.space}'
            metricName: rule.metric
            operator: 'GreaterThan'
            threshold: 0
            timeAggregation: 'Total'
          }
        ]
      }
      actions: actionsOf(monitor, 1, rule.runbook)
    }
  }
]
