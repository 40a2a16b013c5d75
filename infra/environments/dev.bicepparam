using '../main.bicep'

param environmentName = 'dev'
param scale = { alwaysReady: 0, maximumInstances: 40, memory: 2048, httpConcurrency: 16, zoned: [] }
param signIn = {
  clientId: '00000000-0000-0000-0000-000000000001'
  tenantId: '00000000-0000-0000-0000-00000000000a'
  applications: ['00000000-0000-0000-0000-0000000000d1']
}
param onCall = ['integration-hub-dev@example.nhs.wales']
param destinations = {
  CDR: { CDR__URL: 'https://cdr.dev.example.nhs.wales/fhir', CDR__AUTH: 'identity', CDR__SCOPE: 'api://cdr.dev.example.nhs.wales/.default' }
  CHEMOCARE: { CHEMOCARE__HOST: 'chemocare.dev.example.nhs.wales', CHEMOCARE__PORT: '6661', CHEMOCARE__TLS: 'true' }
  MPI: { MPI__HOST: 'mpi.dev.example.nhs.wales', MPI__PORT: '6661', MPI__TLS: 'true' }
  PAS: { PAS__HOST: 'pas.dev.example.nhs.wales', PAS__PORT: '6661', PAS__TLS: 'true' }
  PHW: { PHW__HOST: 'phw.dev.example.nhs.wales', PHW__PORT: '6661', PHW__TLS: 'true' }
  WIS: { WIS__URL: 'https://wis.dev.example.nhs.wales/messages', WIS__AUTH: 'identity', WIS__SCOPE: 'api://wis.dev.example.nhs.wales/.default' }
}
param modes = {} // a parallel run: { 'phw-to-mpi': 'observe' }
param network = null
param storage = 'Standard_LRS'
param triedFromOutside = false
param ownership = {
  owner: 'integration-team@example.nhs.wales'
  costCentre: 'integration'
  criticality: 'low'
  dataClass: 'synthetic'
}
param recoverVault = readEnvironmentVariable('RECOVER_VAULT', 'false') == 'true'
param telemetryDays = 30
param budget = 300
param budgetStart = readEnvironmentVariable('BUDGET_START', '')
param runbooks = 'https://github.com/example/integration-hub/blob/main/docs/runbooks.md'
