"""The permit conversation, on the verdicts of knowledge/registry/verifier.py alone."""
