"""The hotline console: pages for staff, rendered on the server, under `/console`.

`application.create_console` puts it together. Nothing is imported here: bot/app.py needs the
accounts, and the pages need bot/app.py.
"""
