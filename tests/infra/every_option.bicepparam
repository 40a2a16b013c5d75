using '../main.bicep'

// Production with every option in use: partners with identities, a gateway, private telemetry, apps over zones.

param environmentName = 'prod'
param scale = { alwaysReady: 1, maximumInstances: 100, memory: 2048, httpConcurrency: 16, zoned: ['phw-to-mpi'] }
param signIn = {
  clientId: '00000000-0000-0000-0000-000000000001'
  tenantId: '00000000-0000-0000-0000-00000000000a'
  applications: ['00000000-0000-0000-0000-0000000000d3']
}
param onCall = ['integration-hub@example.nhs.wales']
param pagesOnCall = true
param pager = 'https://on-call.example.nhs.wales/events'
param destinations = {
  CDR: { CDR__URL: 'https://cdr.example.nhs.wales/fhir', CDR__AUTH: 'identity', CDR__SCOPE: 'api://cdr.example.nhs.wales/.default' }
  CHEMOCARE: { CHEMOCARE__HOST: 'chemocare.example.nhs.wales', CHEMOCARE__PORT: '6661', CHEMOCARE__TLS: 'true' }
  MPI: { MPI__HOST: 'mpi.example.nhs.wales', MPI__PORT: '6661', MPI__TLS: 'true' }
  PAS: { PAS__HOST: 'pas.example.nhs.wales', PAS__PORT: '6661', PAS__TLS: 'true' }
  PHW: { PHW__HOST: 'phw.example.nhs.wales', PHW__PORT: '6661', PHW__TLS: 'true' }
  WIS: { WIS__URL: 'https://wis.example.nhs.wales/messages', WIS__AUTH: 'identity', WIS__SCOPE: 'api://wis.example.nhs.wales/.default' }
}
// The hub network, the DNS zones and the firewall are the platform team's; useHubGateway leads to the hospitals.
param network = {
  address: '10.61.0.0/16'
  apps: '10.61.16.0/20'
  endpoints: '10.61.0.0/22'
  relay: '10.61.4.0/26'
  privateTelemetry: true
  landingZone: {
    hubNetworkId: '/subscriptions/00000000-0000-0000-0000-0000000000b0/resourceGroups/connectivity/providers/Microsoft.Network/virtualNetworks/hub'
    dnsServers: ['10.0.0.4', '10.0.0.5']
    zonesGroupId: '/subscriptions/00000000-0000-0000-0000-0000000000b0/resourceGroups/private-dns'
    firewall: '10.0.1.4'
    useHubGateway: true
  }
}
param storage = 'Standard_ZRS'
param triedFromOutside = false
param ownership = {
  owner: 'integration-team@example.nhs.wales'
  costCentre: 'integration'
  criticality: 'mission-critical'
  dataClass: 'special-category'
}
param ingress = {
  subnet: '10.61.8.0/24'
  host: 'hub.example.nhs.wales'
  certificate: 'gateway'
  authorities: ['MIIB']
}
param partners = [
  { principalId: '00000000-0000-0000-0000-0000000000e1', queues: ['phw-to-mpi', 'lims-results-to-cdr'], folders: [] }
  { principalId: '00000000-0000-0000-0000-0000000000e2', queues: [], folders: ['documents-to-cdr'] }
]
param recoverVault = readEnvironmentVariable('RECOVER_VAULT', 'false') == 'true'
param telemetryDays = 90
param budget = 2500
param budgetStart = readEnvironmentVariable('BUDGET_START', '')
param runbooks = 'https://github.com/example/integration-hub/blob/main/docs/runbooks.md'
