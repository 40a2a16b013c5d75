metadata description = 'One Flex Consumption app with its plan, sign-in and settings. No secret in any setting.'

import { host } from '../names.bicep'
import { AppScale, Monitor, Settings, SignIn, Stores, Tags } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('Name of the app.')
param name string
@description('Name of its plan.')
param planName string
@description('Tags of every resource.')
param tags Tags
@description('Container of the deployed package.')
param package string
@description('Name of the identity of the app.')
param identityName string
@description('Name of the service in traces.')
param service string
@description('Name of the environment.')
param environmentName string
@description('The two storage accounts.')
param stores Stores
@description('Where telemetry goes.')
param monitor Monitor
@description('Size of the app.')
param scale AppScale
@description('How callers sign in.')
param signIn SignIn
@description('Whether it is for people: Entra signs in every caller, in a browser on the sign-in page. Else the code knows its partners.')
param people bool
@description('Settings of its own: integrations, destinations, topics.')
param settings Settings
@description('Whether the app is reachable through a private endpoint only.')
param privateNetworking bool
@description('Subnet of the app; empty without a private network.')
param subnetId string

@description('The one path that answers people without a sign-in: health reports up or down.')
var open = ['/api/health']
@description('Instances that are kept. A zone-redundant app needs two in each group that has any ("Reliability in Azure Functions").')
var ready = scale.alwaysReady > 0 && scale.zoneRedundant ? max(scale.alwaysReady, 2) : scale.alwaysReady
@description('How the host and the code reach storage: by identity.')
var storage = {
  AzureWebJobsStorage__blobServiceUri: 'https://${stores.hub}.blob.${environment().suffixes.storage}'
  AzureWebJobsStorage__queueServiceUri: 'https://${stores.hub}.queue.${environment().suffixes.storage}'
  AzureWebJobsStorage__tableServiceUri: 'https://${stores.hub}.table.${environment().suffixes.storage}'
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  HubContent__blobServiceUri: 'https://${stores.content}.blob.${environment().suffixes.storage}'
  AZURE_CLIENT_ID: identity.properties.clientId
  AzureFunctionsWebHost__hostid: host(name)
}
@description('The platform checks the caller and sets its own headers. Without this setting the code does not trust them.')
var platform = { HUB_PLATFORM_AUTH: people ? 'principal' : 'principal,certificate' }
@description('MiB of memory for messages in work: the rest is for the host, the code and the bodies of requests that are refused.')
var memory = { HUB_MEMORY: string(scale.memory * 3 / 8) }
@description('How telemetry is sent: by identity, every trace kept.')
var telemetry = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  PYTHON_ENABLE_OPENTELEMETRY: 'true'
  OTEL_SERVICE_NAME: service
  OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=inthub,deployment.environment=${environmentName}'
  OTEL_TRACES_SAMPLER: 'microsoft.fixed_percentage'
  OTEL_TRACES_SAMPLER_ARG: '1.0'
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: monitor.componentName
}

resource hubBlobs 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  name: '${stores.hub}/default/${package}'
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: scale.zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': service })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identity.id
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: privateNetworking ? subnetId : null
    // The platform requests a certificate and passes it on; the code checks whose it is.
    clientCertEnabled: !people
    clientCertMode: 'Optional'
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${stores.hub}.blob.${environment().suffixes.storage}/${last(split(hubBlobs.name, '/'))}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        maximumInstanceCount: scale.maximumInstances
        instanceMemoryMB: scale.memory
        alwaysReady: ready > 0 ? [{ name: 'http', instanceCount: ready }] : []
        triggers: { http: { perInstanceConcurrency: scale.httpConcurrency } }
      }
      // "Site update strategies in Flex Consumption": calls that run are finished, and there is no downtime. The published types lack it.
      #disable-next-line BCP037
      siteUpdateStrategy: { type: 'RollingUpdate' }
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(storage, telemetry, platform, memory, settings)
  }

  resource auth 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true, runtimeVersion: '~1' }
      // A partner with a key or a certificate has no token, and the code authenticates it (shared/security.py). The platform still
      // checks each token and still removes its own headers from what comes in, so a forged sign-in counts for nothing.
      globalValidation: people
        ? {
            requireAuthentication: true
            unauthenticatedClientAction: 'RedirectToLoginPage'
            redirectToProvider: 'azureactivedirectory'
            excludedPaths: open
          }
        : { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
      httpSettings: { requireHttps: true }
      login: { tokenStore: { enabled: false } }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: signIn.clientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${signIn.tenantId}/v2.0'
          }
          validation: {
            allowedAudiences: ['api://${signIn.clientId}', signIn.clientId]
            defaultAuthorizationPolicy: people ? {} : { allowedApplications: signIn.applications }
          }
        }
      }
    }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: app
  properties: {
    workspaceId: monitor.workspaceId
    // FunctionAppLogs stays off: OpenTelemetry already brings every log, once.
    logs: [{ category: 'AppServiceAuthenticationLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Host name of the app.')
output host string = app.properties.defaultHostName
