"""Signing in and out, and one's own sign-in: sessions, password, second factor."""

from bursar.console.signing.account import AREA
from bursar.console.signing.entrance import PUBLIC

__all__ = ["AREA", "PUBLIC"]
