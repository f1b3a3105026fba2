"""What goes over REST, as Pydantic models shared by the server, the client and the agent."""
