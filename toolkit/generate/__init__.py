"""What is generated: documents, mapping sheets, the manifest, tables from the official definitions."""
