"""Users, tokens and sign-ins as they go over REST."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from campaigns.domain.identity import Role
from campaigns.domain.users import USER_NAME_PATTERN, ApiToken, User

__all__ = (
    "Credentials",
    "LinkSecret",
    "LoginLinkModel",
    "NewTokenModel",
    "SessionModel",
    "SignOutModel",
    "TokenCreate",
    "TokenList",
    "TokenModel",
    "UserCreate",
    "UserList",
    "UserModel",
    "UserUpdate",
)


class Wire(BaseModel):
    """A model of the interface: what is unknown is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UserModel(Wire):
    """A user."""

    name: str
    full_name: str
    role: Role
    disabled: bool
    created_us: int = Field(description="UTC microseconds since 1970.")

    @classmethod
    def of(cls, user: User) -> UserModel:
        """Make the model of a user."""
        return cls(name=user.name, full_name=user.full_name, role=user.role, disabled=user.disabled, created_us=user.created_us)


class UserList(Wire):
    """Users in order of name."""

    items: list[UserModel]
    next: str | None = Field(description="Give it as cursor to get what follows; null at the end.")


class UserCreate(Wire):
    """A user to be made."""

    name: str = Field(pattern=USER_NAME_PATTERN)
    role: Role
    full_name: str = Field(default="", max_length=200)
    password: SecretStr | None = Field(default=None, description="Without one the user signs in by one-time links.")


class UserUpdate(Wire):
    """What is to change of a user; the rest stays."""

    role: Role | None = None
    disabled: bool | None = None
    full_name: str | None = Field(default=None, max_length=200)
    password: SecretStr | None = None


class SessionModel(Wire):
    """Who the caller is."""

    name: str
    full_name: str
    role: Role = Field(description="What this credential allows, which may be less than the user's role.")
    site: str | None = Field(default=None, description="For agents, the only site.")


class Credentials(Wire):
    """Name and password."""

    name: str = Field(max_length=200)
    password: SecretStr = Field(max_length=2000)


class LinkSecret(Wire):
    """What a one-time link ends in."""

    secret: str = Field(max_length=200)


class SignOutModel(Wire):
    """How many sign-ins were ended."""

    ended: int


class LoginLinkModel(Wire):
    """A one-time sign-in link."""

    path: str = Field(description="Below the server's address.")
    valid_min: float


class TokenModel(Wire):
    """A token, without its secret."""

    id: str
    name: str
    user: str | None
    role: Role
    site: str | None
    created_us: int
    created_by: str
    expires_us: int | None
    used_us: int | None = Field(description="When it was last used, to the minute.")

    @classmethod
    def of(cls, token: ApiToken) -> TokenModel:
        """Make the model of a token."""
        return cls(
            id=token.id,
            name=token.name,
            user=token.user,
            role=token.role,
            site=token.site,
            created_us=token.created_us,
            created_by=token.created_by,
            expires_us=token.expires_us,
            used_us=token.used_us,
        )


class TokenList(Wire):
    """Tokens, newest first."""

    items: list[TokenModel]
    next: str | None


class TokenCreate(Wire):
    """A token to be made: for oneself, for another user, or for the agent at a site."""

    name: str = Field(min_length=1, max_length=200)
    user: str | None = Field(default=None, description="The owner; by default the caller.")
    role: Role | None = Field(default=None, description="The most it allows; by default what its owner may do.")
    site: str | None = Field(default=None, min_length=1, max_length=200, description="Makes it the token of that site's agent.")
    expires_us: int | None = Field(default=None, ge=0, lt=2**63, description="UTC microseconds; by default never.")


class NewTokenModel(TokenModel):
    """A token just made, with its secret, which is shown this once."""

    token: str
