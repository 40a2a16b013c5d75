"""A document and the JSON file that describes it (its sidecar), as one message of the JSON format."""
