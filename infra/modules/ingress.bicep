metadata description = '''
The way in for partners outside the network: an application gateway with a firewall for web applications. It demands a client
certificate of the partners' authorities, on top of the key or token by which the app knows the partner.
'''

import { Ingress, Tags } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('First part of every name, with the environment.')
param prefix string
@description('Tags of every resource.')
param tags Tags
@description('Host, certificate and authorities.')
param ingress Ingress
@description('Subnet of the gateway.')
param subnetId string
@description('Name of the vault that holds the certificate.')
param vaultName string
@description('Each integration that accepts messages over HTTP, and the host name of its app.')
param apps {
  @description('Name of the integration.')
  name: string
  @description('Host name of its app.')
  host: string
}[]
@description('Zones that the gateway is spread over; empty where the region has none.')
param availabilityZones string[]

@description('Name of the gateway.')
var name = '${prefix}-agw'

module identity 'identity.bicep' = {
  params: { location: location, name: '${name}-id', tags: tags }
}

module secret 'secret.bicep' = {
  params: {
    identityName: '${name}-id'
    #disable-next-line what-if-short-circuiting // a role is named after the principal it is given to: modules/identity.bicep
    principalId: identity.outputs.principalId
    vaultName: vaultName
    name: ingress.certificate
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource address 'Microsoft.Network/publicIPAddresses@2025-01-01' = {
  name: '${name}-pip'
  location: location
  tags: tags
  zones: availabilityZones
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource firewall 'Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies@2024-05-01' = {
  name: replace('${name}waf', '-', '')
  location: location
  tags: tags
  properties: {
    // A body is a clinical message, which looks like an attack to rules for web forms; the hub reads it strictly itself.
    policySettings: { state: 'Enabled', mode: 'Prevention', requestBodyCheck: false }
    managedRules: { managedRuleSets: [{ ruleSetType: 'OWASP', ruleSetVersion: '3.2' }] }
  }
}

resource gateway 'Microsoft.Network/applicationGateways@2024-05-01' = {
  name: name
  location: location
  tags: tags
  zones: availabilityZones
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', '${name}-id')}': {} }
  }
  properties: {
    sku: { name: 'WAF_v2', tier: 'WAF_v2' }
    autoscaleConfiguration: { minCapacity: 1, maxCapacity: 10 }
    enableHttp2: true
    firewallPolicy: { id: firewall.id }
    gatewayIPConfigurations: [{ name: 'gateway', properties: { subnet: { id: subnetId } } }]
    frontendIPConfigurations: [{ name: 'public', properties: { publicIPAddress: { id: address.id } } }]
    frontendPorts: [{ name: 'https', properties: { port: 443 } }]
    sslCertificates: [
      { name: 'host', properties: { keyVaultSecretId: '${vault.properties.vaultUri}secrets/${ingress.certificate}' } }
    ]
    sslPolicy: { policyType: 'Predefined', policyName: 'AppGwSslPolicy20220101' }
    trustedClientCertificates: [
      for (authority, i) in ingress.authorities: { name: 'authority-${i}', properties: { data: authority } }
    ]
    sslProfiles: [
      {
        name: 'partners'
        properties: {
          clientAuthConfiguration: { verifyClientCertIssuerDN: true }
          trustedClientCertificates: [
            for (authority, i) in ingress.authorities: {
              id: resourceId('Microsoft.Network/applicationGateways/trustedClientCertificates', name, 'authority-${i}')
            }
          ]
        }
      }
    ]
    httpListeners: [
      {
        name: 'partners'
        properties: {
          frontendIPConfiguration: {
            id: resourceId('Microsoft.Network/applicationGateways/frontendIPConfigurations', name, 'public')
          }
          frontendPort: { id: resourceId('Microsoft.Network/applicationGateways/frontendPorts', name, 'https') }
          protocol: 'Https'
          hostName: ingress.host
          sslCertificate: { id: resourceId('Microsoft.Network/applicationGateways/sslCertificates', name, 'host') }
          sslProfile: { id: resourceId('Microsoft.Network/applicationGateways/sslProfiles', name, 'partners') }
        }
      }
    ]
    backendAddressPools: [for app in apps: { name: app.name, properties: { backendAddresses: [{ fqdn: app.host }] } }]
    probes: [
      {
        name: 'health'
        properties: {
          protocol: 'Https'
          path: '/api/health'
          interval: 30
          timeout: 30
          unhealthyThreshold: 3
          pickHostNameFromBackendHttpSettings: true
        }
      }
    ]
    backendHttpSettingsCollection: [
      {
        name: 'apps'
        properties: {
          port: 443
          protocol: 'Https'
          pickHostNameFromBackendAddress: true
          requestTimeout: 120
          probe: { id: resourceId('Microsoft.Network/applicationGateways/probes', name, 'health') }
        }
      }
    ]
    urlPathMaps: [
      {
        name: 'integrations'
        properties: {
          defaultBackendAddressPool: {
            id: resourceId('Microsoft.Network/applicationGateways/backendAddressPools', name, apps[0].name)
          }
          defaultBackendHttpSettings: {
            id: resourceId('Microsoft.Network/applicationGateways/backendHttpSettingsCollection', name, 'apps')
          }
          pathRules: [
            for app in apps: {
              name: app.name
              properties: {
                paths: ['/api/v1/${app.name}', '/api/v1/${app.name}/*', '/api/docs/${app.name}', '/api/docs/${app.name}/*']
                backendAddressPool: {
                  id: resourceId('Microsoft.Network/applicationGateways/backendAddressPools', name, app.name)
                }
                backendHttpSettings: {
                  id: resourceId('Microsoft.Network/applicationGateways/backendHttpSettingsCollection', name, 'apps')
                }
              }
            }
          ]
        }
      }
    ]
    requestRoutingRules: [
      {
        name: 'partners'
        properties: {
          ruleType: 'PathBasedRouting'
          priority: 100
          httpListener: { id: resourceId('Microsoft.Network/applicationGateways/httpListeners', name, 'partners') }
          urlPathMap: { id: resourceId('Microsoft.Network/applicationGateways/urlPathMaps', name, 'integrations') }
        }
      }
    ]
  }
  dependsOn: [secret]
}
