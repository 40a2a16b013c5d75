metadata description = 'Roles by name: the only place where their ids are written.'

@export()
@description('Built-in roles that the hub gives, and no other.')
var roles = {
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  blobReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' // Storage Blob Data Reader
  queueProcessor: '8a0f0c08-91a1-4084-bc3d-661d67233fed' // Storage Queue Data Message Processor
  queueSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a' // Storage Queue Data Message Sender
  queueReader: '19e7f393-937e-4f77-808e-94535e297925' // Storage Queue Data Reader
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher
  eventSender: 'd5a91429-5739-47e2-a06b-3470a27159e7' // EventGrid Data Sender
  imagePuller: '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
}
