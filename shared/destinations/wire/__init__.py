"""What the destinations share on the wire: connections, TLS, HTTP, frames, sign-in, and the last check before a send."""
