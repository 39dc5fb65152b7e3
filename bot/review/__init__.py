"""What the bot did badly: found, put together, labelled by staff, and taught."""
