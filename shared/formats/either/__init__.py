"""Two declared sources of one integration, HL7 v2 and JSON. It has no format of its own."""
