metadata description = 'One private endpoint with its entry in the zone.'

import { Tags } from '../types.bicep'
import { zones } from '../zones.bicep'

@description('Where the resources are.')
param location string
@description('Name of the endpoint.')
param name string
@description('Tags of every resource.')
param tags Tags
@description('Subnet of the endpoints.')
param subnetId string
@description('Resource id of what it leads to.')
param targetId string
@description('Group: blob, queue, table, vault, topic, sites.')
param group string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = {
  name: zones[group]
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [{ name: name, properties: { privateLinkServiceId: targetId, groupIds: [group] } }]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: group, properties: { privateDnsZoneId: zone.id } }] }
  }
}
