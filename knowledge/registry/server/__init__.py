"""The reference registry: issues permits, answers for them, and tells of changes."""
