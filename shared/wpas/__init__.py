"""WPAS, the patient administration system of Wales: its transactions in XML, their rules, and HL7 v2 from them.

Integrations of WPAS declare what is theirs, and use these. Source: the schema of the transaction, and the translation that the
hub replaces; docs/decisions/0024-wpas-nulls-and-codes.md has what differs.
"""
