metadata description = 'Monthly budget. The people on call are warned before it is spent.'

@description('First part of every name, with the environment.')
param prefix string
@description('Amount of a month, in the currency of the subscription.')
param amount int
@description('First day of the month in which the budget began. Azure refuses another one for a budget that exists; empty for a new one.')
param startDate string
@description('The first day of this month: a new budget cannot begin earlier.')
param thisMonth string = utcNow('yyyy-MM-01')
@description('Action group that is notified.')
param actionGroupId string

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: '${prefix}-month'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: empty(startDate) ? thisMonth : startDate }
    notifications: {
      spent80: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: []
        contactGroups: [actionGroupId]
      }
      forecast100: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: []
        contactGroups: [actionGroupId]
      }
    }
  }
}
