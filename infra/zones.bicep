metadata description = 'Private DNS zones by the group of an endpoint.'

@export()
@description('Zones by the group of an endpoint.')
var zones = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink.vaultcore.azure.net'
  topic: 'privatelink.eventgrid.azure.net'
  sites: 'privatelink.azurewebsites.net'
}

@export()
@description('Zones of telemetry: one endpoint answers for all of them, and for the blob zone above.')
var telemetryZones = [
  'privatelink.monitor.azure.com'
  'privatelink.oms.opinsights.azure.com'
  'privatelink.ods.opinsights.azure.com'
  'privatelink.agentsvc.azure-automation.net'
]
