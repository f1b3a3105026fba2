"""Who is asking: passwords, sign-ins, tokens, one-time links, and requests from other sites."""
