"""Notices by e-mail: SMTP with STARTTLS unless it is told otherwise, certificates checked, one connection a letter.

What the server says in its own words is never repeated, only its code: some repeat credentials.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from bursar.calendar import from_micros
from bursar.exchange.notify.letter import Letter, Undelivered

Security = Literal["starttls", "tls", "plain"]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server to submit to."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str = ""
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    ca_file: Path | None = None
    timeout_seconds: float = 10.0
    name: str = "mail"

    def takes(self, letter: Letter) -> bool:
        return bool(letter.email)

    def send(self, letter: Letter, now: int) -> None:
        message = composed(letter, self.sender)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = next((answer[0] for answer in error.recipients.values()), 0)
            raise Undelivered(f"the mail server refused the recipient ({code})", final=500 <= code < 600) from None
        except smtplib.SMTPAuthenticationError as error:
            raise Undelivered(f"the mail server refused user name and password ({error.smtp_code})") from None
        except smtplib.SMTPSenderRefused as error:
            raise Undelivered(f"the mail server refused the sender ({error.smtp_code})") from None
        except smtplib.SMTPResponseException as error:
            raise Undelivered(f"the mail server answered {error.smtp_code}") from None
        except smtplib.SMTPNotSupportedError:
            raise Undelivered(
                f"the mail server does not offer what is needed (security {self.security!r}, log-in, or the address)"
            ) from None
        except smtplib.SMTPException:
            raise Undelivered("the mail server ended the conversation") from None
        except ssl.SSLError as error:
            raise Undelivered(f"no trusted TLS with {self.host}: {error.reason or 'handshake failed'}") from None
        except TimeoutError:
            raise Undelivered(f"{self.host} did not answer within {self.timeout_seconds:g} seconds") from None
        except (OSError, UnicodeError) as error:
            raise Undelivered(f"cannot reach {self.host}:{self.port} ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        """A connection that is encrypted and logged in as far as the settings say."""
        here = self.sender.rpartition("@")[2] or None
        context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, local_hostname=here, timeout=self.timeout_seconds, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, local_hostname=here, timeout=self.timeout_seconds)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


def composed(letter: Letter, sender: str) -> EmailMessage:
    """The e-mail of a letter, the same at every attempt."""
    message = EmailMessage(policy=LINES)
    try:
        message["To"] = Address(letter.name, addr_spec=letter.email)
    except (ValueError, IndexError, MessageError):
        raise Undelivered("the person's e-mail address cannot be written to", final=True) from None
    message["From"] = Address("Bursar", addr_spec=sender)
    message["Subject"] = f"Bursar: {letter.subject}"
    message["Date"] = format_datetime(from_micros(letter.created))
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"Hello {letter.name or letter.person},\n\n{letter.text}\n")
    return message
