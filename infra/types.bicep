metadata description = 'What the modules hand to each other, in one place.'

@export()
@description('One line of manifest.json: an integration as its declaration in Python says it.')
@sealed()
type Integration = {
  @description('Name of the integration, with hyphens.')
  name: string
  @description('Folder under integrations/.')
  package: string
  @description('What it is for, in a sentence.')
  summary: string
  @description('Who answers for it.')
  owner: string
  @description('Where its messages go.')
  destination: {
    @description('Name of the destination: the prefix of its settings.')
    name: string
    @description('Kind of the destination: mllp, fhir-server, event-grid ...')
    kind: string
  }
  @description('Whether it takes messages over HTTP.')
  http: bool
  @description('Queues that a function reads; each has a twin that ends in -poison.')
  queues: string[]
  @description('The poison twins, in the same order.')
  poison: string[]
  @description('Queues that a partner reads: acknowledgements of what came by queue or event.')
  replies: string[]
  @description('Tables of its ledger.')
  tables: string[]
  @description('Containers of its clinical content.')
  containers: string[]
  @description('Events that it takes.')
  events: {
    @description('storage (blobs of the content account) or hub (the custom topic).')
    topic: 'storage' | 'hub'
    @description('Event types.')
    types: string[]
    @description('What the subject must begin with; empty when all are taken.')
    subjectBeginsWith: string
    @description('Advanced filters.')
    filters: {
      @description('Operator.')
      operatorType: 'StringIn' | 'StringNotIn' | 'StringContains' | 'StringNotContains' | 'StringBeginsWith' | 'StringEndsWith'
      @description('Key of the event that is compared.')
      key: string
      @description('Values of which one must fit.')
      values: string[]
    }[]
  }[]
  @description('Whether its destination is the hub topic.')
  publishes: bool
  @description('Integrations that take what it publishes: it knocks on their doors.')
  subscribers: string[]
  @description('Integrations whose outbox it takes from.')
  publishers: string[]
  @description('Function that takes events directly, once the code is deployed.')
  eventFunction: string
  @description('Days that things are kept.')
  retention: {
    @description('Receipts, by which duplicates are known.')
    receipts: int
    @description('Metadata of messages.')
    metadata: int
    @description('Content of dead letters.')
    deadContent: int
    @description('Published messages that no subscriber has taken.')
    published: int
  }
}

@export()
@description('Where telemetry and alerts go: names and ids that are known before anything is deployed.')
@sealed()
type Monitor = {
  @description('Resource id of the Log Analytics workspace.')
  workspaceId: string
  @description('Resource id of the Application Insights component.')
  componentId: string
  @description('Name of the Application Insights component.')
  componentName: string
  @description('Resource id of the action group.')
  actionGroupId: string
  @description('Address of docs/operations.md; the runbook of an alert is its anchor there.')
  runbooks: string
}

@export()
@description('Names of the Event Grid topics.')
@sealed()
type Topics = {
  @description('Published messages.')
  events: string
  @description('Alarms of the watchdog: a path that no log ingestion delays.')
  alarms: string
  @description('The system topic of blobs.')
  blobs: string
}

@export()
@description('Tags of a resource.')
type Tags = {
  @description('Name and value.')
  *: string
}

@export()
@description('Settings of an app.')
type Settings = {
  @description('Name and value.')
  *: string
}

@export()
@description('The two storage accounts.')
@sealed()
type Stores = {
  @description('Name of the account of queues, tables, packages and the host.')
  hub: string
  @description('Name of the account of clinical content.')
  content: string
}

@export()
@description('How people and systems sign in.')
@sealed()
type SignIn = {
  @description('Application (client) id of the hub in Entra.')
  clientId: string
  @description('Entra tenant.')
  tenantId: string
  @description('Applications of partners that may call.')
  applications: string[]
}

@export()
@description('Size of the apps.')
@sealed()
type Scale = {
  @description('Instances that are always warm for HTTP: what buys the 500 ms against cold starts.')
  alwaysReady: int
  @description('Most instances an app may have.')
  maximumInstances: int
  @description('Memory of an instance, in MB.')
  memory: 2048 | 4096
  @description('HTTP requests at a time in one instance.')
  httpConcurrency: int
  @description('Whether instances are spread over availability zones.')
  zoneRedundant: bool
}

@export()
@description('A rule over the logs.')
@sealed()
type Rule = {
  @description('Name: of the query file and, after alert-, of the section in the runbooks.')
  name: string
  @description('What happened, in a sentence.')
  text: string
  @description('0 is worst.')
  severity: 0 | 1 | 2 | 3
  @description('The query.')
  query: string
  @description('Columns that make a series each.')
  dimensions: string[]
  @description('How often, over how long.')
  pace: {
    @description('How often it is evaluated.')
    frequency: 'PT1M' | 'PT5M' | 'PT15M'
    @description('Over how long.')
    window: 'PT5M' | 'PT6H' | 'P1D'
    @description('How far back the query may look, when that is further.')
    lookBack: string?
    @description('How many of how many evaluations must fail.')
    periods: {
      @description('Evaluations looked at.')
      of: int
      @description('Evaluations that must fail.')
      failing: int
    }
  }
  @description('Column that is compared; absent: rows are counted.')
  measure: string?
  @description('What it must not pass; absent: 0.')
  threshold: int?
}
