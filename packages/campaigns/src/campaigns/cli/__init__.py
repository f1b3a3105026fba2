"""The command line. It speaks REST, but for the commands that serve or look after the database."""
