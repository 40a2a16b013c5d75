using '../main.bicep'

param environmentName = 'prod'
param scale = { alwaysReady: 1, maximumInstances: 100, memory: 2048, httpConcurrency: 16, zoneRedundant: true }
param signIn = {
  clientId: '00000000-0000-0000-0000-000000000001'
  tenantId: '00000000-0000-0000-0000-00000000000a'
  applications: ['00000000-0000-0000-0000-0000000000d3']
}
param onCall = ['integration-hub@example.nhs.wales']
param destinations = {
  CDR: { CDR__URL: 'https://cdr.example.nhs.wales/fhir' }
  CHEMOCARE: { CHEMOCARE__HOST: 'chemocare.example.nhs.wales', CHEMOCARE__PORT: '6661', CHEMOCARE__TLS: 'true' }
  MPI: { MPI__HOST: 'mpi.example.nhs.wales', MPI__PORT: '6661', MPI__TLS: 'true' }
  PAS: { PAS__HOST: 'pas.example.nhs.wales', PAS__PORT: '6661', PAS__TLS: 'true' }
  PHW: { PHW__HOST: 'phw.example.nhs.wales', PHW__PORT: '6661', PHW__TLS: 'true' }
}
param privateNetworking = true
param telemetryDays = 90
param budget = 2500
param budgetStart = '2026-12-01'
param runbooks = 'https://github.com/example/integration-hub/blob/main/docs/runbooks.md'
