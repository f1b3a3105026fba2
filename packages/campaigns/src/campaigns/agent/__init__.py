"""The agent: carries out the server's orders at a site, as an ordinary user there.

It speaks REST to the server and starts subprocesses in the campaign's stack; it opens no database and imports no Rubin package.
How it stays truthful when anything is killed at any time is told in ADR 2.
"""
