"""Rubin Campaigns: the electronic lab notebook and control room for processing campaigns."""

__version__ = "0.1.0"
