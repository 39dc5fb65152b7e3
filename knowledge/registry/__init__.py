"""Permits: the client that is never fooled into "valid", and the reference registry."""
