metadata description = 'Conditions of role assignments on blobs: a role counts in one folder of a container only.'

@description('What the data roles for blobs may do to a blob, listing apart.')
var blobActions = ['delete', 'write', 'add/action', 'move/action']
@description('Type of a blob in an action or attribute.')
var blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs'

@export()
@description('Reads, changes and lists blobs of these folders only; a listing without such a prefix is refused.')
func foldersOnly(folders string[]) string =>
  join(
    [
      '(('
      '!(ActionMatches{\'${blobs}/read\'} AND NOT SubOperationMatches{\'Blob.List\'})'
      join(map(blobActions, action => ' AND !(ActionMatches{\'${blobs}/${action}\'})'), '')
      ') OR ('
      join(map(folders, folder => '@Resource[${blobs}:path] StringStartsWith \'${folder}/\''), ' OR ')
      ')) AND (('
      '!(ActionMatches{\'${blobs}/read\'} AND SubOperationMatches{\'Blob.List\'})'
      ') OR ('
      join(map(folders, folder => '@Request[${blobs}:prefix] StringStartsWith \'${folder}/\''), ' OR ')
      '))'
    ],
    ''
  )
