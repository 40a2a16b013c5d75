metadata description = 'The identity of one app: it exists before the app and outlives it, so roles are never missing.'

import { Tags } from '../types.bicep'

@description('Where the resources are.')
param location string
@description('Name of the identity.')
param name string
@description('Tags of every resource.')
param tags Tags

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

// A role assignment is named after it: a re-created identity has another one, and Azure refuses to change an assignment's principal.
@description('Its id in Entra.')
output principalId string = identity.properties.principalId
