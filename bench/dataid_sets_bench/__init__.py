"""Measures how fast DataId sets are, on both databases; `make bench-dataid-sets` runs it."""
