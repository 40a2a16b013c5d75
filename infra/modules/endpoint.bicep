metadata description = 'One private endpoint with its entries in the zones.'

import { Tags } from '../types.bicep'

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
@description('Group: blob, queue, table, vault, topic, sites, azuremonitor.')
param group string
@description('Resource ids of the zones.')
param zoneIds string[]

@description('One entry for each zone.')
var entries = map(zoneIds, id => {
  name: replace(last(split(id, '/')), '.', '-')
  properties: { privateDnsZoneId: id }
})

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
    properties: { privateDnsZoneConfigs: entries }
  }
}
