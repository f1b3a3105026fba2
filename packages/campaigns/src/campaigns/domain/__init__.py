"""What a campaign is and how it moves, with no database, network or clock: imports nothing outward."""
