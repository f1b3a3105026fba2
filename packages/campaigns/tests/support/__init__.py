"""What the tests share: databases, people, and a server."""
