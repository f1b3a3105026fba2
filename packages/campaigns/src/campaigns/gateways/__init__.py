"""The outside world behind small interfaces: the clock, git, mail."""
