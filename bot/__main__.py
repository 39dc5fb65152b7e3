"""`python -m bot` is `anxin`."""

from bot.cli import main

main()
