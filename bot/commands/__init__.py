"""The commands of `anxin`, a module each; the channels' own commands are with the channels."""
