metadata description = 'The size of one app, out of the sizes of the environment.'

import { AppScale, Scale } from 'types.bicep'

@export()
@description('The size of the app of this name.')
func appScale(scale Scale, name string) AppScale => {
  alwaysReady: scale.alwaysReady
  maximumInstances: scale.maximumInstances
  memory: scale.memory
  httpConcurrency: scale.httpConcurrency
  zoneRedundant: contains(scale.zoned, name)
}
