using '../relay.bicep'

param environmentName = 'test'
param tags = {
  service: 'integration-hub'
  environment: 'test'
  owner: 'integration-team@example.nhs.wales'
  'cost-centre': 'integration'
  criticality: 'medium'
  'data-class': 'synthetic'
}
param image = readEnvironmentVariable('RELAY_IMAGE', 'inthubtest.azurecr.io/relay:none')
param registry = readEnvironmentVariable('RELAY_REGISTRY', 'inthubtest')
param vaultName = readEnvironmentVariable('RELAY_VAULT', 'ih-test-000000000000')
param settings = loadTextContent('../../relay/relay.toml')
param ports = [2575, 2576]
param secretFiles = [
  { file: 'hub-key', name: 'RELAY-HUB-KEY' }
  { file: 'relay.pem', name: 'RELAY-CERTIFICATE' }
  { file: 'relay.key', name: 'RELAY-PRIVATE-KEY' }
  { file: 'senders.pem', name: 'RELAY-SENDERS-AUTHORITY' }
  { file: 'phw-hub-key', name: 'RELAY-PHW-HUB-KEY' }
]
