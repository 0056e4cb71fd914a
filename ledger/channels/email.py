"""E-mail by SMTP. The delivery's uuid is the Message-ID, so that a repeated attempt is the same message."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import translation

from ledger.channels import Message, Passing, Permanent

NOT_CONFIGURED = "django.core.mail.backends.dummy.EmailBackend"


def send(message: Message) -> None:
    """Hands one message to the mail server. Raises `Permanent` or `Passing`."""
    if settings.EMAIL_BACKEND == NOT_CONFIGURED:
        raise Permanent("no mail server is configured: set EMAIL_URL")
    mail = _write(message)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise _by_code(*error.recipients.get(message.address, next(iter(error.recipients.values())))) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Passing(f"{error.smtp_code} the mail server does not let us in") from error
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Passing(type(error).__name__) from error
    except ValueError as error:
        raise Permanent("the address cannot be written to") from error


def _write(message: Message) -> EmailMessage:
    """The text comes from a template named after the message's kind; its first line is the subject."""
    context = {"data": message.data, "agency": message.agency, "number": message.number}
    try:
        with translation.override(message.language):
            text = render_to_string(f"email/{message.kind.replace('.', '_')}.txt", context)
    except TemplateDoesNotExist as error:
        raise Permanent(f"there is no text for {message.kind}") from error
    subject, _, body = text.strip().partition("\n")
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    return EmailMessage(
        subject=subject.strip(),
        body=body.strip() + "\n",
        to=[message.address],
        headers={"Message-ID": f"<{message.uid}@{host}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
    )


def _by_code(code: int, said: bytes | str) -> Permanent | Passing:
    """SMTP's own line between the two: 5xx never, 4xx later. What the server said is not kept: it may hold words."""
    return Permanent(str(code)) if 500 <= code < 600 else Passing(str(code))
