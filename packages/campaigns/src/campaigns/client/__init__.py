"""The service for scripts: ``from campaigns.client import CampaignClient``. Speaks REST, and needs no database."""

from campaigns.client.client import CampaignClient
from campaigns.client.errors import OrderFailed, OrderPending, ServerError, ServerUnreachable

__all__ = ("CampaignClient", "OrderFailed", "OrderPending", "ServerError", "ServerUnreachable")
