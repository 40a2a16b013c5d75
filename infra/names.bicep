metadata description = '''
Every derived name, and how long it may be. A name is service-environment-purpose-abbreviation, with the abbreviations of the Cloud
Adoption Framework; a name that the whole of Azure shares carries the suffix of its resource group.
'''

@export()
@description('A name that is not too long: the longer ones are cut, and a hash of the whole keeps them apart.')
func short(name string, most int) string =>
  length(name) <= most ? name : '${take(name, most - 6)}-${take(uniqueString(name), 5)}'

@export()
@description('A site: 60 characters at most, all over Azure.')
func app(prefix string, name string, unique string) string => '${short('${prefix}-${name}', 46)}-${unique}'

@export()
@description('A plan: 40 characters at most.')
func plan(prefix string, name string) string => short('${prefix}-${name}-asp', 40)

@export()
@description('An identity: 128 characters at most.')
func identity(prefix string, name string) string => '${prefix}-${name}-id'

@export()
@description('A private endpoint: 80 characters at most.')
func endpoint(prefix string, name string) string => short('${prefix}-${name}-pep', 80)

@export()
@description('A container of packages: 63 characters at most.')
func package(name string) string => 'package-${name}'

@export()
@description('The id of a Functions host: 32 characters at most. Two apps of one id on one storage account would share locks and keys.')
func host(app string) string => 'hub${uniqueString(app)}'

@export()
@description('A vault: 24 characters at most.')
func vault(environment string, unique string) string => 'ih-${environment}-${unique}'

@export()
@description('A storage account: 24 characters at most, letters and digits. The one of clinical content is named with a c.')
func account(environment string, content bool, unique string) string => 'inthub${content ? 'c' : ''}${environment}${unique}'
