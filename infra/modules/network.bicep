metadata description = '''
The private network: one subnet for the apps, one for the endpoints. Alone, it has DNS zones and a NAT gateway of its own; in a landing
zone it is a spoke: peered to the hub network, with its DNS servers, and every way out leads through its firewall.
'''

import { Ingress, Network, Tags } from '../types.bicep'
import { zones } from '../zones.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Addresses, subnets and the landing zone.')
param network Network
@description('The way in for partners outside the network, if there is one.')
param ingress Ingress?

@description('Whether it stands alone.')
var alone = network.?landingZone == null
@description('How the apps reach what is outside.')
var wayOut = alone ? { natGateway: { id: nat.id } } : { routeTable: { id: routes.id } }
@description('The zones of its own.')
var ownZones = alone ? items(zones) : []

resource guard 'Microsoft.Network/networkSecurityGroups@2025-01-01' = {
  name: '${prefix}-vnet-nsg'
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

resource gatewayGuard 'Microsoft.Network/networkSecurityGroups@2025-01-01' = if (ingress != null) {
  name: '${prefix}-agw-nsg'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'partners-over-tls'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '443'
        }
      }
      {
        // Application Gateway refuses a subnet that its own control plane does not reach.
        name: 'control-plane-of-the-gateway'
        properties: {
          priority: 110
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: 'GatewayManager'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '65200-65535'
        }
      }
    ]
  }
}

resource address 'Microsoft.Network/publicIPAddresses@2025-01-01' = if (alone) {
  name: '${prefix}-ng-pip'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource nat 'Microsoft.Network/natGateways@2025-01-01' = if (alone) {
  name: '${prefix}-ng'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }], idleTimeoutInMinutes: 4 }
}

resource routes 'Microsoft.Network/routeTables@2025-01-01' = if (!alone) {
  name: '${prefix}-rt'
  location: location
  tags: tags
  properties: {
    disableBgpRoutePropagation: true
    routes: [
      {
        name: 'everything-through-the-firewall'
        properties: {
          addressPrefix: '0.0.0.0/0'
          nextHopType: 'VirtualAppliance'
          nextHopIpAddress: network.?landingZone.?firewall
        }
      }
    ]
  }
}

resource spoke 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: '${prefix}-vnet'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [network.address] }
    dhcpOptions: { dnsServers: network.?landingZone.?dnsServers ?? [] }
    subnets: concat(
      [
        {
          name: 'endpoints'
          properties: {
            addressPrefix: network.endpoints
            networkSecurityGroup: { id: guard.id }
            privateEndpointNetworkPolicies: 'Enabled'
          }
        }
        {
          name: 'apps'
          properties: union(wayOut, {
            addressPrefix: network.apps
            defaultOutboundAccess: false
            networkSecurityGroup: { id: guard.id }
            delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
          })
        }
      ],
      network.?relay == null
        ? []
        : [
            {
              name: 'relay'
              properties: union(wayOut, {
                addressPrefix: network.?relay
                defaultOutboundAccess: false
                networkSecurityGroup: { id: guard.id }
                delegations: [{ name: 'relay', properties: { serviceName: 'Microsoft.App/environments' } }]
              })
            }
          ],
      ingress == null
        ? []
        : [
            {
              name: 'gateway'
              properties: { addressPrefix: ingress!.subnet, networkSecurityGroup: { id: gatewayGuard.id } }
            }
          ]
    )
  }
}

// The other direction is the platform team's: the hub network is not ours to change.
resource peering 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2025-01-01' = if (!alone) {
  parent: spoke
  name: 'to-the-hub'
  properties: {
    remoteVirtualNetwork: { id: network.?landingZone.?hubNetworkId }
    allowVirtualNetworkAccess: true
    allowForwardedTraffic: true
    useRemoteGateways: network.?landingZone.?useHubGateway ?? false
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for item in ownZones: {
    name: item.value
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (item, i) in ownZones: {
    parent: zone[i]
    name: '${prefix}-vnet'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: spoke.id } }
  }
]
