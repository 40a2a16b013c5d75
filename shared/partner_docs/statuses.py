"""What each HTTP status means for a partner, by the route that answers with it."""

ANSWERS = {
    "200": "HL7: a verdict was reached; it is in MSA-1.",
    "202": "FHIR and JSON: accepted; Location and, in full, Content-Location are the status.",
    "204": "HL7: accepted, and MSH-15 requests no answer.",
    "400": "The body is empty, is not JSON, or is not gzip as Content-Encoding states.",
    "401": "Caller not recognised: no partner has this key, certificate or token.",
    "403": "The partner may not call this integration.",
    "406": "The answer is not available in a media type that Accept names.",
    "413": "The body is larger than 100 MB, compressed or decompressed.",
    "415": "The media type or the Content-Encoding is not supported. gzip is supported.",
    "422": "FHIR and JSON: refused, with one issue for each finding.",
    "429": "The hub is overloaded, too many large messages arrive at once, or too many of your calls were refused: "
    "send again after Retry-After.",
    "500": "The hub failed and the integration team was alerted. Send again.",
    "503": "Storage is unavailable and nothing was stored: send again after Retry-After.",
}
AT_THE_DOOR = frozenset({"400", "401", "403", "406", "413", "415", "429", "500", "503"})  # of every format
POLLED = {
    "200": "Its state, without content; for Accept: application/fhir+json, at the end, a Bundle of type batch-response.",
    "202": "FHIR and JSON: still being processed. X-Progress shows the progress, Retry-After when to ask again.",
    "401": ANSWERS["401"],
    "403": ANSWERS["403"],
    "404": "No such message of yours.",
    "406": "The answer is not available in a media type that Accept names. JSON and FHIR JSON are available.",
    "429": "Too many of your calls were refused: ask again after Retry-After.",
    "500": ANSWERS["500"],
    "503": "The state cannot be read now: ask again after Retry-After.",
}
CONTROL_ID = "The control id of the message. Without it the hub reads it from the output."
CHECKED = {
    "200": "Any verdict: the issues, and the answer that the message would get.",
    "400": ANSWERS["400"],
    "401": ANSWERS["401"],
    "403": ANSWERS["403"],
    "413": ANSWERS["413"],
    "415": ANSWERS["415"],
    "429": "Too many self-tests in a minute, too many large bodies at once, or too many of your calls were refused: "
    "ask again after Retry-After.",
    "500": ANSWERS["500"],
}
LEGACY = {
    "202": "The output is kept until it is compared, a day at most.",
    "401": ANSWERS["401"],
    "403": "The partner does not have the role legacy.",
    "409": "The integration is live: nothing is compared.",
    "413": ANSWERS["413"],
    "422": "No control id: send it in x-control-id.",
    "429": ANSWERS["429"],
    "500": ANSWERS["500"],
    "503": ANSWERS["503"],
}
AGREEMENT = {
    "200": "Paths, causes and counts of the differences; no content.",
    "401": ANSWERS["401"],
    "403": "The partner does not have the role admin.",
    "429": POLLED["429"],
    "500": ANSWERS["500"],
    "503": "Storage is unavailable: ask again after Retry-After.",
}
