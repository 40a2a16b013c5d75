using 'trial.bicep'

param name = readEnvironmentVariable('AZURE_ENV_NAME', 'trial')
param location = readEnvironmentVariable('AZURE_LOCATION', 'uksouth')
param clientId = readEnvironmentVariable('HUB_CLIENT_ID', '00000000-0000-0000-0000-000000000001')
param applications = split(readEnvironmentVariable('HUB_APPLICATIONS', '00000000-0000-0000-0000-0000000000d0'), ',')
param owner = readEnvironmentVariable('HUB_OWNER', 'integration-team@example.nhs.wales')
