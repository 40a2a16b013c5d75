"""The formats that come in: each reads a body, says who sent it, and answers in its own words."""
