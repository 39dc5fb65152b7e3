"""What cannot go back in the answer to a request: kept, and carried to the channels."""
