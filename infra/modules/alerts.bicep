metadata description = 'The log alerts, one query file each. The runbook of an alert is the section of the same name in docs/runbooks.md.'

import { Monitor, Rule, Tags } from '../types.bicep'
import { groupsOf } from '../on-call.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Where telemetry and alerts go.')
param monitor Monitor
@description('Names of the integrations: each has a heartbeat rule of its own, because a missing series has no row.')
param integrations string[]

@description('One series for each integration and cause: a second cause raises its own alert while the first is still open.')
var byCause = ['integration', 'code']

@description('Evaluated each minute over half an hour: an occurrence is reported as soon as it arrives, also a quarter of an hour late.')
var fast = { frequency: 'PT1M', window: 'PT30M', lookBack: null, periods: { of: 1, failing: 1 } }

@description('The rules. A row is an occurrence, unless measure names a column to compare.')
var rules Rule[] = [
  {
    name: 'dead-letter'
    text: 'A message could not be delivered and needs action, or it expired.'
    severity: 1
    query: loadTextContent('../alerts/dead-letter.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'rejected'
    text: 'A message was rejected: the sender must correct and resend it.'
    severity: 3
    query: loadTextContent('../alerts/rejected.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'delivery-failing'
    text: 'A destination rejects messages or is unavailable.'
    severity: 2
    query: loadTextContent('../alerts/delivery-failing.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'crash'
    text: 'A call failed outside our code.'
    severity: 1
    query: loadTextContent('../alerts/crash.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'fault'
    text: 'Our own code failed.'
    severity: 1
    query: loadTextContent('../alerts/fault.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'no-verdict'
    text: 'A sender got no verdict: our code failed, or storage is unavailable.'
    severity: 1
    query: loadTextContent('../alerts/no-verdict.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'overload'
    text: 'Senders are answered 429: more is accepted than is delivered.'
    severity: 2
    query: loadTextContent('../alerts/overload.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'door-closed'
    text: 'An app does not answer over HTTP.'
    severity: 1
    query: loadTextContent('../alerts/door-closed.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'poison'
    text: 'A queue message failed five times.'
    severity: 1
    query: loadTextContent('../alerts/poison.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'backlog'
    text: 'Something has waited for more than two minutes.'
    severity: 2
    query: loadTextContent('../alerts/backlog.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'unpaired'
    text: 'A document or its sidecar is waiting for the other file.'
    severity: 2
    query: loadTextContent('../alerts/unpaired.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'unmapped'
    text: 'Messages are waiting for a code that no table has.'
    severity: 2
    query: loadTextContent('../alerts/unmapped.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'paused'
    text: 'The delivery of an integration has been paused for more than an hour.'
    severity: 2
    query: loadTextContent('../alerts/paused.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'skipped'
    text: 'The hub repeatedly fails to process a row, lane or step.'
    severity: 2
    query: loadTextContent('../alerts/skipped.kql')
    dimensions: byCause
    pace: fast
    measure: 'reports'
    threshold: 2
  }
  {
    name: 'breach'
    text: 'A threshold that support staff set was exceeded.'
    severity: 2
    query: loadTextContent('../alerts/breach.kql')
    dimensions: byCause
    pace: fast
  }
  {
    name: 'refused-calls'
    text: 'Many calls are refused because the caller is not recognised or not authorised.'
    severity: 2
    query: loadTextContent('../alerts/refused-calls.kql')
    dimensions: byCause
    pace: fast
    measure: 'calls'
    threshold: 9
  }
  {
    name: 'sign-in'
    text: 'The platform refuses many sign-ins.'
    severity: 2
    query: loadTextContent('../alerts/sign-in.kql')
    dimensions: byCause
    pace: fast
    measure: 'refused'
    threshold: 9
  }
  {
    name: 'slow'
    text: 'Delivery takes longer than 500 ms at the 95th percentile.'
    severity: 2
    query: loadTextContent('../alerts/slow.kql')
    dimensions: ['integration']
    pace: fast
    measure: 'spans'
    threshold: 1
  }
  {
    name: 'quiet-feed'
    text: 'A feed that is usually busy at this hour has sent nothing for an hour.'
    severity: 3
    query: loadTextContent('../alerts/quiet-feed.kql')
    dimensions: ['integration']
    pace: { frequency: 'PT15M', window: 'P1D', lookBack: 'P2D', periods: { of: 1, failing: 1 } }
  }
  {
    name: 'agreement'
    text: 'In a parallel run the two engines agree less often than in the day before.'
    severity: 3
    query: loadTextContent('../alerts/agreement.kql')
    dimensions: ['integration']
    pace: { frequency: 'PT15M', window: 'P1D', lookBack: 'P2D', periods: { of: 1, failing: 1 } }
  }
  {
    name: 'burn-page'
    text: 'At this rate, the month\'s error budget is used up in two days.'
    severity: 1
    query: loadTextContent('../alerts/burn-page.kql')
    dimensions: ['integration']
    pace: { frequency: 'PT5M', window: 'PT6H', lookBack: null, periods: { of: 1, failing: 1 } }
  }
  {
    name: 'burn-ticket'
    text: 'At this rate, the month\'s error budget is used up in five days.'
    severity: 3
    query: loadTextContent('../alerts/burn-ticket.kql')
    dimensions: ['integration']
    pace: { frequency: 'PT5M', window: 'PT6H', lookBack: null, periods: { of: 1, failing: 1 } }
  }
]

resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${prefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${prefix}: ${rule.name}'
      description: '${rule.text} Runbook: ${monitor.runbooks}#alert-${rule.name}'
      severity: rule.severity
      enabled: true
      scopes: [monitor.workspaceId]
      targetResourceTypes: ['Microsoft.OperationalInsights/workspaces']
      evaluationFrequency: rule.pace.frequency
      windowSize: rule.pace.window
      overrideQueryTimeRange: rule.pace.?lookBack
      autoMitigate: true
      skipQueryValidation: true // the columns do not exist before the first event
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: rule.?measure == null ? 'Count' : 'Maximum'
            metricMeasureColumn: rule.?measure
            operator: 'GreaterThan'
            threshold: rule.?threshold ?? 0
            dimensions: [for dimension in rule.dimensions: { name: dimension, operator: 'Include', values: ['*'] }]
            failingPeriods: {
              numberOfEvaluationPeriods: rule.pace.periods.of
              minFailingPeriodsToAlert: rule.pace.periods.failing
            }
          }
        ]
      }
      actions: {
        actionGroups: groupsOf(monitor, rule.severity)
        customProperties: { runbook: '${monitor.runbooks}#alert-${rule.name}' }
      }
    }
  }
]

@description('What must send heartbeats: each integration, the ops app, and any app at all.')
var beating = concat(
  map(integrations, integration => {
    name: integration
    runbook: 'heartbeat'
    text: '${integration} has sent no heartbeat for 5 minutes.'
    query: replace(loadTextContent('../alerts/heartbeat.kql'), '__INTEGRATION__', integration)
    silent: 'silent'
  }),
  [
    {
      name: 'ops'
      runbook: 'ops-heartbeat'
      text: 'The ops app has sent no heartbeat for 5 minutes.'
      query: loadTextContent('../alerts/ops-heartbeat.kql')
      silent: 'silent'
    }
    {
      name: 'all'
      runbook: 'heartbeat'
      text: 'No app has sent a heartbeat for 30 minutes.'
      query: loadTextContent('../alerts/all-heartbeat.kql')
      silent: ''
    }
  ]
)

resource heartbeat 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for one in beating: {
    name: '${prefix}-${one.name}-heartbeat'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${prefix}: ${one.name} heartbeat'
      description: '${one.text} Runbook: ${monitor.runbooks}#alert-${one.runbook}'
      severity: empty(one.silent) ? 0 : 1
      enabled: true
      scopes: [monitor.workspaceId]
      targetResourceTypes: ['Microsoft.OperationalInsights/workspaces']
      evaluationFrequency: 'PT1M'
      windowSize: empty(one.silent) ? 'PT30M' : 'PT5M'
      autoMitigate: true
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: one.query
            timeAggregation: empty(one.silent) ? 'Count' : 'Maximum'
            metricMeasureColumn: empty(one.silent) ? null : one.silent
            operator: empty(one.silent) ? 'LessThan' : 'GreaterThan'
            threshold: empty(one.silent) ? 1 : 0
            dimensions: []
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: {
        actionGroups: groupsOf(monitor, empty(one.silent) ? 0 : 1)
        customProperties: { runbook: '${monitor.runbooks}#alert-${one.runbook}' }
      }
    }
  }
]
