"""Conversations that staff have a hand in: taken over, waiting, held for approval; their hours."""
