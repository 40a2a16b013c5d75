using '../main.bicep'

param environmentName = 'test'
param scale = { alwaysReady: 0, maximumInstances: 40, memory: 2048, httpConcurrency: 16, zoned: [] }
param signIn = {
  clientId: '00000000-0000-0000-0000-000000000001'
  tenantId: '00000000-0000-0000-0000-00000000000a'
  applications: ['00000000-0000-0000-0000-0000000000d2']
}
param onCall = ['integration-hub-test@example.nhs.wales']
param destinations = {
  CDR: { CDR__URL: 'https://cdr.test.example.nhs.wales/fhir', CDR__AUTH: 'identity', CDR__SCOPE: 'api://cdr.test.example.nhs.wales/.default' }
  CHEMOCARE: { CHEMOCARE__HOST: 'chemocare.test.example.nhs.wales', CHEMOCARE__PORT: '6661', CHEMOCARE__TLS: 'true' }
  MPI: { MPI__HOST: 'mpi.test.example.nhs.wales', MPI__PORT: '6661', MPI__TLS: 'true' }
  PAS: { PAS__HOST: 'pas.test.example.nhs.wales', PAS__PORT: '6661', PAS__TLS: 'true' }
  PHW: { PHW__HOST: 'phw.test.example.nhs.wales', PHW__PORT: '6661', PHW__TLS: 'true' }
  WIS: { WIS__URL: 'https://wis.test.example.nhs.wales/messages', WIS__AUTH: 'identity', WIS__SCOPE: 'api://wis.test.example.nhs.wales/.default' }
}
param modes = {} // a parallel run: { 'phw-to-mpi': 'observe' }
param network = {
  address: '10.60.0.0/16'
  apps: '10.60.16.0/20'
  endpoints: '10.60.0.0/22'
  relay: '10.60.4.0/26' // relay.bicep
  privateTelemetry: false
  landingZone: null
}
param storage = 'Standard_LRS'
param triedFromOutside = false
param ownership = {
  owner: 'integration-team@example.nhs.wales'
  costCentre: 'integration'
  criticality: 'medium'
  dataClass: 'synthetic'
}
param recoverVault = readEnvironmentVariable('RECOVER_VAULT', 'false') == 'true'
param telemetryDays = 30
param budget = 600
param budgetStart = readEnvironmentVariable('BUDGET_START', '')
param runbooks = 'https://github.com/example/integration-hub/blob/main/docs/runbooks.md'
