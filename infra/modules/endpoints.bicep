metadata description = 'Private endpoints with their entries in the zones.'

@description('Where the resources are.')
param location string
@description('Tags of every resource.')
param tags object
@description('Subnet of the endpoints.')
param subnetId string
@description('Resource ids of the zones by group.')
param zones object
@description('What gets an endpoint.')
param targets {
  @description('Name of the endpoint.')
  name: string
  @description('Resource id of what it leads to.')
  id: string
  @description('Group: blob, queue, table, vault, topic, sites.')
  group: string
}[]

resource endpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = [
  for target in targets: {
    name: target.name
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        { name: target.name, properties: { privateLinkServiceId: target.id, groupIds: [target.group] } }
      ]
    }
  }
]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = [
  for (target, i) in targets: {
    parent: endpoint[i]
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: target.group, properties: { privateDnsZoneId: string(zones[target.group]) } }] }
  }
]
