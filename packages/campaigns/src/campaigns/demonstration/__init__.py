"""The demonstration: a small real campaign on this machine, from nothing to its end."""
