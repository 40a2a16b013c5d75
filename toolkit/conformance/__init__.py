"""``./hub conformance``: a partner's messages judged as the hub's door judges them, and what is missing before go-live."""
