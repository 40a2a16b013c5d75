metadata description = 'Who is notified: severity 0 and 1 page the on-call engineer, the others are read by day.'

import { Monitor } from 'types.bicep'

@export()
@description('The action groups of an alert of this severity.')
func groupsOf(monitor Monitor, severity int) string[] => severity <= 1 && !empty(monitor.pagerId)
  ? [monitor.actionGroupId, monitor.pagerId]
  : [monitor.actionGroupId]

@description('An action of a metric alert.')
type Action = {
  @description('Resource id of the action group.')
  actionGroupId: string
  @description('What the receivers get next to the alert.')
  webHookProperties: {
    @description('Address of the runbook.')
    runbook: string
  }
}

@export()
@description('The actions of a metric alert of this severity, with the anchor of its runbook.')
func actionsOf(monitor Monitor, severity int, runbook string) Action[] => map(groupsOf(monitor, severity), id => {
  actionGroupId: id
  webHookProperties: { runbook: '${monitor.runbooks}#alert-${runbook}' }
})

@description('An action of an alert of the activity log.')
type ActivityAction = {
  @description('Resource id of the action group.')
  actionGroupId: string
}

@export()
@description('The actions of an alert of the activity log, which pages the on-call engineer.')
func activityActionsOf(monitor Monitor) ActivityAction[] => map(groupsOf(monitor, 1), id => { actionGroupId: id })
