metadata description = '''
The relay in Azure Container Apps, next to the hub: MLLP senders of the private network reach two instances behind one address. It has
a deployment of its own, after that of the hub, into the resource group of the hub: az deployment group create --parameters environments/relay-test.bicepparam.
'''

import { Tags } from 'types.bicep'
import { roles } from 'roles.bicep'

@description('Name of the environment.')
param environmentName 'dev' | 'test' | 'prod'
@description('Where the resources are: the region of the resource group.')
param location string = resourceGroup().location
@description('Tags of every resource.')
param tags Tags
@description('Image of the relay: registry, name and digest. relay/Dockerfile makes it.')
param image string
@description('Name of the container registry, in this resource group, from which the image is pulled.')
param registry string
@description('Text of relay.toml. It holds no secret: it names files under /run/secrets.')
param settings string
@description('Ports of the listeners, as in relay.toml: the first, and at most five more.')
@minLength(1)
@maxLength(6)
param ports int[]
@description('Secrets of the vault that the relay reads as files: name of the file under /run/secrets, and name of the secret.')
param secretFiles SecretFile[] = []
@description('Subnet of its own, delegated to Microsoft.App/environments, /27 or larger: param network.relay of the hub makes it.')
param subnetId string = resourceId('Microsoft.Network/virtualNetworks/subnets', 'inthub-${environmentName}-vnet', 'relay')
@description('Name of the vault.')
param vaultName string
@description('Number of instances. Each holds a connection of a sender for as long as it lasts.')
@minValue(2)
@maxValue(10)
param instances int = 2

@description('A secret of the vault as a file.')
@sealed()
type SecretFile = {
  @description('Name of the file: lower-case letters, digits, hyphens and full stops.')
  file: string
  @description('Name of the secret.')
  name: string
}

@description('First part of every name.')
var prefix = 'inthub-${environmentName}'
@description('Where the secrets of the vault are.')
var vaultAddress = 'https://${vaultName}${environment().suffixes.keyvaultDns}/secrets'
@description('The settings are a secret only because Container Apps mounts files in no other way.')
var settingsFile = 'relay-toml'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${prefix}-relay-id'
  location: location
  tags: tags
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource images 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registry
}

resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identity.id, roles.secretsUser)
  properties: {
    description: identity.name
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsUser)
  }
}

resource pullsImages 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: images
  name: guid(images.id, identity.id, roles.imagePuller)
  properties: {
    description: identity.name
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.imagePuller)
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: '${prefix}-log'
}

resource surroundings 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: '${prefix}-relay-cae'
  location: location
  tags: tags
  properties: {
    // No address outside the network: the senders are in it, or reach it by the gateway of the landing zone.
    vnetConfiguration: { infrastructureSubnetId: subnetId, internal: true }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
    zoneRedundant: true
    appLogsConfiguration: { destination: 'azure-monitor' }
    peerTrafficConfiguration: { encryption: { enabled: true } }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: surroundings
  name: 'to-the-workspace'
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}

resource relay 'Microsoft.App/containerApps@2025-01-01' = {
  name: '${prefix}-relay'
  location: location
  tags: tags
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    environmentId: surroundings.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      // "external" is outside the environment, which has an address inside the network only. TLS ends in the relay.
      ingress: {
        external: true
        transport: 'tcp'
        targetPort: ports[0]
        exposedPort: ports[0]
        additionalPortMappings: map(skip(ports, 1), port => { external: true, targetPort: port, exposedPort: port })
      }
      registries: [{ server: images.properties.loginServer, identity: identity.id }]
      secrets: concat(
        [{ name: settingsFile, value: settings }],
        map(secretFiles, one => { name: replace(one.file, '.', '-'), keyVaultUrl: '${vaultAddress}/${one.name}', identity: identity.id })
      )
    }
    template: {
      // A message may be tried for 25 seconds, and a request takes up to 60.
      terminationGracePeriodSeconds: 90
      scale: { minReplicas: instances, maxReplicas: instances }
      containers: [
        {
          name: 'relay'
          image: image
          args: ['/run/secrets/relay.toml']
          env: [{ name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }]
          resources: { cpu: json('0.5'), memory: '1Gi' }
          volumeMounts: [{ volumeName: 'secrets', mountPath: '/run/secrets' }]
          probes: [
            { type: 'Liveness', httpGet: { path: '/live', port: 8080 }, periodSeconds: 10, failureThreshold: 3 }
            { type: 'Readiness', httpGet: { path: '/ready', port: 8080 }, periodSeconds: 5, failureThreshold: 2 }
          ]
        }
      ]
      volumes: [
        {
          name: 'secrets'
          storageType: 'Secret'
          secrets: concat(
            [{ secretRef: settingsFile, path: 'relay.toml' }],
            map(secretFiles, one => { secretRef: replace(one.file, '.', '-'), path: one.file })
          )
        }
      ]
    }
  }
  dependsOn: [readsSecrets, pullsImages]
}

@description('Address that the senders connect to, in the network.')
output address string = surroundings.properties.staticIp
