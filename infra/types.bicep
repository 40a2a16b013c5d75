metadata description = 'Types that the modules share.'

@export()
@description('One line of manifest.json: one integration, as declared in Python.')
@sealed()
type Integration = {
  @description('Name of the integration, with hyphens.')
  name: string
  @description('Folder under integrations/.')
  package: string
  @description('Its purpose, in a sentence.')
  summary: string
  @description('Its owner.')
  owner: string
  @description('Where its messages go.')
  destination: {
    @description('Name of the destination: the prefix of its settings.')
    name: string
    @description('Kind of the destination: mllp, fhir-server, event-grid ...')
    kind: string
  }
  @description('Whether it accepts messages over HTTP.')
  http: bool
  @description('Queues that a function reads; each has a twin that ends in -poison.')
  queues: string[]
  @description('The poison twins, in the same order.')
  poison: string[]
  @description('Queues that a partner reads: acknowledgements of messages received by queue or event.')
  replies: string[]
  @description('Tables of its ledger.')
  tables: string[]
  @description('Containers of its clinical content.')
  containers: string[]
  @description('Events that it receives.')
  events: {
    @description('storage (blobs of the content account) or hub (the custom topic).')
    topic: 'storage' | 'hub'
    @description('Event types.')
    types: string[]
    @description('What the subject must begin with; empty if all are accepted.')
    subjectBeginsWith: string
    @description('Advanced filters.')
    filters: {
      @description('Operator.')
      operatorType: 'StringIn' | 'StringNotIn' | 'StringContains' | 'StringNotContains' | 'StringBeginsWith' | 'StringEndsWith'
      @description('Key of the event that is compared.')
      key: string
      @description('Accepted values.')
      values: string[]
    }[]
  }[]
  @description('Whether its destination is the hub topic.')
  publishes: bool
  @description('Integrations that subscribe to what it publishes.')
  subscribers: string[]
  @description('Integrations whose outbox it reads.')
  publishers: string[]
  @description('Retention in days.')
  retention: {
    @description('Receipts, which identify duplicates.')
    receipts: int
    @description('Metadata of messages.')
    metadata: int
    @description('Content of dead letters.')
    deadContent: int
    @description('Published messages that no subscriber has read.')
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
  @description('Resource id of the action group of every alert.')
  actionGroupId: string
  @description('Resource id of the action group that pages the on-call engineer; empty when there is none.')
  pagerId: string
  @description('Address of docs/runbooks.md; each alert has its own anchor there.')
  runbooks: string
}

@export()
@description('Names of the Event Grid topics.')
@sealed()
type Topics = {
  @description('Published messages.')
  events: string
  @description('Alarms of the watchdog: independent of log ingestion.')
  alarms: string
  @description('The system topic of blobs.')
  blobs: string
}

@export()
@description('Ids in Entra of the identities of the topics that deliver events.')
@sealed()
type TopicPrincipals = {
  @description('The topic of published messages.')
  hub: string
  @description('The system topic of blobs.')
  storage: string
}

@export()
@description('Tags of a resource.')
type Tags = {
  @description('Name and value.')
  *: string
}

@export()
@description('Who owns and pays for the service: tags that the Cloud Adoption Framework calls for on every resource.')
@sealed()
type Ownership = {
  @description('Who answers for it: a mailbox, not a person.')
  owner: string
  @description('Who pays.')
  costCentre: string
  @description('How much depends on it.')
  criticality: 'low' | 'medium' | 'high' | 'mission-critical'
  @description('What the data is: synthetic where no patient may be.')
  dataClass: 'synthetic' | 'special-category'
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
  @description('Instances kept warm for HTTP, to avoid cold starts.')
  alwaysReady: int
  @description('Largest number of instances of an app.')
  maximumInstances: int
  @description('Memory of an instance, in MB.')
  memory: 2048 | 4096
  @description('HTTP requests at a time in one instance.')
  httpConcurrency: int
  @description('Apps whose instances are spread over zones. Azure then keeps and bills two instances for each group of functions.')
  zoned: string[]
}

@export()
@description('The size of one app.')
@sealed()
type AppScale = {
  @description('Instances kept warm for HTTP, to avoid cold starts.')
  alwaysReady: int
  @description('Largest number of instances of the app.')
  maximumInstances: int
  @description('Memory of an instance, in MB.')
  memory: 2048 | 4096
  @description('HTTP requests at a time in one instance.')
  httpConcurrency: int
  @description('Whether instances are spread over availability zones.')
  zoneRedundant: bool
}

@export()
@description('A private network. Its subnets are written down: they do not move when the catalogue grows.')
@sealed()
type Network = {
  @description('Addresses of the network.')
  address: string
  @description('Subnet that all apps share. An app takes up to 40 addresses.')
  apps: string
  @description('Subnet of the private endpoints.')
  endpoints: string
  @description('Subnet of the relay for MLLP senders (relay.bicep), /27 or larger; absent: there is none.')
  relay: string?
  @description('Whether telemetry stays in the network. Its DNS zones count for the whole network, so a landing zone decides for all.')
  privateTelemetry: bool
  @description('The landing zone that it is a spoke of; absent: it stands alone, with its own DNS zones and its own way out.')
  landingZone: LandingZone?
}

@export()
@description('What the platform team of a landing zone gives to a spoke.')
@sealed()
type LandingZone = {
  @description('Resource id of the hub network, to which the spoke is peered. It leads to the hospitals.')
  hubNetworkId: string
  @description('DNS servers that know the private zones and the names of the hospitals.')
  dnsServers: string[]
  @description('Resource id of the group that holds the private DNS zones.')
  zonesGroupId: string
  @description('Address of the firewall: the next hop of every way out.')
  firewall: string
  @description('Whether the spoke uses the gateway of the hub network.')
  useHubGateway: bool
}

@export()
@description('A way in for partners outside the network: an application gateway that demands a client certificate.')
@sealed()
type Ingress = {
  @description('Subnet of the gateway.')
  subnet: string
  @description('Host name that partners call.')
  host: string
  @description('Name of the secret with the certificate of that host (PFX), in the vault.')
  certificate: string
  @description('Certificates of the authorities that may sign a partner\'s certificate, base64.')
  authorities: string[]
}

@export()
@description('A partner that writes to a queue or drops files, with an identity of its own in Entra.')
@sealed()
type Partner = {
  @description('Object id of its service principal.')
  principalId: string
  @description('Integrations to whose queue it sends, and whose acknowledgements it reads.')
  queues: string[]
  @description('Integrations into whose folder of the inbox it drops files.')
  folders: string[]
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
  @description('Columns that split the result into series.')
  dimensions: string[]
  @description('How often, over how long.')
  pace: {
    @description('How often it is evaluated.')
    frequency: 'PT1M' | 'PT5M' | 'PT30M' | 'PT15M'
    @description('Over how long.')
    window: 'PT5M' | 'PT30M' | 'PT6H' | 'P1D'
    @description('How far back the query may look, when that is further.')
    lookBack: string?
    @description('How many evaluations must fail, and out of how many.')
    periods: {
      @description('Evaluations looked at.')
      of: int
      @description('Evaluations that must fail.')
      failing: int
    }
  }
  @description('Column that is compared; absent: rows are counted.')
  measure: string?
  @description('Largest allowed value; absent: 0.')
  threshold: int?
}
