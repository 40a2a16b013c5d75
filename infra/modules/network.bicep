metadata description = 'The private network: a subnet for each app, one for the endpoints, a zone for each service.'

import { Tags } from '../types.bicep'
import { zones } from '../zones.bicep'

@description('Where the resources are.')
param location string
@description('Name of the network.')
param name string
@description('Tags of every resource.')
param tags Tags
@description('Addresses of the network.')
param addressPrefix string
@description('Apps that get a subnet, in order.')
param apps string[]

resource guard 'Microsoft.Network/networkSecurityGroups@2025-01-01' = {
  name: '${name}-nsg'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'no-way-in-from-the-internet'
        properties: {
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: concat(
      [
        {
          name: 'endpoints'
          properties: {
            addressPrefix: cidrSubnet(addressPrefix, 24, 0)
            networkSecurityGroup: { id: guard.id }
            privateEndpointNetworkPolicies: 'Enabled'
          }
        }
      ],
      map(range(0, length(apps)), i => {
        name: 'app-${apps[i]}'
        properties: {
          // The first 256 addresses are the endpoints'; each app gets 64.
          addressPrefix: cidrSubnet(addressPrefix, 26, i + 4)
          networkSecurityGroup: { id: guard.id }
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      })
    )
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for item in items(zones): {
    name: item.value
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (item, i) in items(zones): {
    parent: zone[i]
    name: name
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
  }
]
