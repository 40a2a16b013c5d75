metadata description = 'The dashboard: one query file for each panel.'

import { Tags } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Workspace that the queries run on.')
param workspaceId string

@description('Steps below the step that they are part of.')
var tree = {
  hierarchySettings: { treeType: 0, idColumn: 'span', parentColumn: 'part_of', expanderColumn: 'step', expandTopLevel: true }
}

@description('The panels in their order.')
var panels = [
  { title: 'Messages by integration and outcome', query: loadTextContent('../workbook/volumes.kql'), look: 'barchart' }
  { title: 'Error rate, per cent', query: loadTextContent('../workbook/error-rate.kql'), look: 'timechart' }
  { title: 'End to end, milliseconds', query: loadTextContent('../workbook/latency.kql'), look: 'timechart' }
  { title: 'End to end from traces, milliseconds', query: loadTextContent('../workbook/latency-traces.kql'), look: 'table' }
  { title: 'Waiting messages', query: loadTextContent('../workbook/backlog.kql'), look: 'table' }
  { title: 'Dead letters by cause', query: loadTextContent('../workbook/dead-letters.kql'), look: 'table' }
  { title: 'Attempts that failed', query: loadTextContent('../workbook/attempts.kql'), look: 'barchart' }
  { title: 'Breakers', query: loadTextContent('../workbook/breakers.kql'), look: 'table' }
  { title: 'Uptime and error budget, per cent', query: loadTextContent('../workbook/uptime.kql'), look: 'table' }
  { title: 'Error budget: rate of use', query: loadTextContent('../workbook/burn.kql'), look: 'timechart' }
  { title: 'One message, step by step', query: loadTextContent('../workbook/steps.kql'), look: 'tree' }
]

@description('Frame of the workbook: a heading and the time range.')
var frame = loadJsonContent('../workbook/frame.json')

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, prefix, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: '${prefix}: integrations'
    category: 'workbook'
    sourceId: workspaceId
    version: 'Notebook/1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat(
        frame.items,
        map(range(0, length(panels)), i => {
          type: 3
          name: 'panel-${i}'
          content: {
            version: 'KqlItem/1.0'
            title: panels[i].title
            query: panels[i].query
            queryType: 0
            resourceType: 'microsoft.operationalinsights/workspaces'
            crossComponentResources: [workspaceId]
            visualization: panels[i].look == 'tree' ? 'table' : panels[i].look
            timeContextFromParameter: 'TimeRange'
            gridSettings: panels[i].look == 'tree' ? tree : {}
            size: 0
          }
        })
      )
      fallbackResourceIds: [workspaceId]
    })
  }
}
