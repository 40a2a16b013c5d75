"""Every way in, up to the acknowledgement."""
