metadata description = 'Telemetry over a private endpoint. Its DNS zones answer for all of Azure Monitor in the network, not for this workspace alone.'

import { Tags } from '../types.bicep'
import { telemetryZones } from '../zones.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Workspace.')
param workspaceId string
@description('Application Insights component.')
param componentId string
@description('The network.')
param networkId string
@description('Subnet of the endpoints.')
param subnetId string
@description('Resource id of the zone of blobs, which Azure Monitor shares.')
param blobZoneId string
@description('Resource id of the group that holds the zones; empty when they are made here.')
param zonesGroupId string

@description('Zones that are made here.')
var ownZones = empty(zonesGroupId) ? telemetryZones : []

resource scope 'Microsoft.Insights/privateLinkScopes@2021-07-01-preview' = {
  name: '${prefix}-ampls'
  location: 'global'
  tags: tags
  properties: { accessModeSettings: { ingestionAccessMode: 'PrivateOnly', queryAccessMode: 'Open' } }
}

resource scopedWorkspace 'Microsoft.Insights/privateLinkScopes/scopedResources@2021-07-01-preview' = {
  parent: scope
  name: 'workspace'
  properties: { linkedResourceId: workspaceId }
}

resource scopedComponent 'Microsoft.Insights/privateLinkScopes/scopedResources@2021-07-01-preview' = {
  parent: scope
  name: 'component'
  properties: { linkedResourceId: componentId }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for name in ownZones: {
    name: name
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (name, i) in ownZones: {
    parent: zone[i]
    name: '${prefix}-vnet'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
]

module endpoint 'endpoint.bicep' = {
  params: {
    location: location
    name: '${prefix}-telemetry-pep'
    tags: tags
    subnetId: subnetId
    targetId: scope.id
    group: 'azuremonitor'
    zoneIds: [
      ...map(
        telemetryZones,
        name =>
          empty(zonesGroupId)
            ? resourceId('Microsoft.Network/privateDnsZones', name)
            : '${zonesGroupId}/providers/Microsoft.Network/privateDnsZones/${name}'
      )
      blobZoneId
    ]
  }
  dependsOn: [scopedWorkspace, scopedComponent, zone]
}
