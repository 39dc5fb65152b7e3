"""Conversations as they are kept: written, read, watched, rated, and taken away."""
