"""The places that some sample of this integration fills. Generated with the mapping sheet, never written."""

PLACES = """
AllergyIntolerance.clinicalStatus.coding.code AllergyIntolerance.clinicalStatus.coding.system
AllergyIntolerance.code.text AllergyIntolerance.id AllergyIntolerance.patient.reference
AllergyIntolerance.resourceType Condition.clinicalStatus.coding.code Condition.clinicalStatus.coding.system
Condition.code.coding.code Condition.code.coding.display Condition.code.coding.system Condition.id
Condition.resourceType Condition.subject.reference DocumentReference.content.attachment.contentType
DocumentReference.content.attachment.data DocumentReference.id DocumentReference.resourceType
DocumentReference.status DocumentReference.subject.reference DocumentReference.type.text
MessageHeader.eventCoding.code MessageHeader.eventCoding.system MessageHeader.focus.reference MessageHeader.id
MessageHeader.resourceType MessageHeader.source.endpoint MessageHeader.source.name Organization.id
Organization.identifier.system Organization.identifier.value Organization.name Organization.resourceType
Patient.address.city Patient.address.line Patient.address.postalCode Patient.birthDate Patient.gender
Patient.id Patient.identifier.system Patient.identifier.value Patient.name.family Patient.name.given
Patient.name.use Patient.resourceType Patient.telecom.system Patient.telecom.use Patient.telecom.value
Practitioner.id Practitioner.identifier.system Practitioner.identifier.value Practitioner.name.family
Practitioner.name.given Practitioner.name.prefix Practitioner.resourceType PractitionerRole.id
PractitionerRole.organization.reference PractitionerRole.practitioner.reference PractitionerRole.resourceType
ServiceRequest.authoredOn ServiceRequest.category.coding.code ServiceRequest.category.coding.display
ServiceRequest.category.coding.system ServiceRequest.code.coding.code ServiceRequest.code.coding.display
ServiceRequest.code.coding.system ServiceRequest.id ServiceRequest.identifier.system
ServiceRequest.identifier.value ServiceRequest.intent ServiceRequest.note.text
ServiceRequest.performer.reference ServiceRequest.priority ServiceRequest.reasonCode.text
ServiceRequest.requester.reference ServiceRequest.resourceType ServiceRequest.status
ServiceRequest.subject.reference ServiceRequest.supportingInfo.reference
"""

SEEN = frozenset(PLACES.split())
