metadata description = 'Availability of the app from five locations; an alert if two fail.'

import { Monitor, Tags } from '../types.bicep'
import { actionsOf } from '../on-call.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Name of the integration.')
param name string
@description('Host name of the app.')
param host string
@description('Where telemetry and alerts go.')
param monitor Monitor

@description('West Europe, North Europe, UK South, France Central, UK West (the ids are historical).')
var places = ['emea-nl-ams-azr', 'emea-gb-db3-azr', 'emea-ru-msa-edge', 'emea-fr-pra-edge', 'emea-se-sto-edge']

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: '${prefix}-${name}-up'
  location: location
  tags: union(tags, { 'hidden-link:${monitor.componentId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: '${prefix}-${name}-up'
    Name: '${prefix}-${name}-up'
    Enabled: true
    Kind: 'standard'
    Frequency: 300
    Timeout: 30
    RetryEnabled: true
    Locations: [for place in places: { Id: place }]
    Request: { RequestUrl: 'https://${host}/api/health', HttpVerb: 'GET' }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 14 }
  }
}

resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-${name}-unavailable'
  location: 'global'
  tags: tags
  properties: {
    description: '${name} does not answer from two or more locations. Runbook: ${monitor.runbooks}#alert-unavailable'
    severity: 0
    enabled: true
    scopes: [test.id, monitor.componentId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: test.id
      componentId: monitor.componentId
      failedLocationCount: 2
    }
    actions: actionsOf(monitor, 0, 'unavailable')
  }
}
