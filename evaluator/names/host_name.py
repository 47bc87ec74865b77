"""What a host was asked by: an address literal, a name that DNS may be asked for, or a text that is neither.

Classified and made canonical before any network use. RFC 1123 for names, with underscores tolerated;
IDNA 2008 (RFC 5891, mapped by UTS 46) for others; RFC 6761 for `localhost`.
"""

from __future__ import annotations

import re
import unicodedata
from types import ModuleType

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError, Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address
from evaluator.facts.literal import parse_literal
from evaluator.names.numerics import looks_numeric, readings
from evaluator.names.scripts import mixed_scripts

LONGEST_NAME = 253
LONGEST_LABEL = 63
_JOINERS = "\u200c\u200d"  # legal between certain letters, RFC 5892, A.1 and A.2
_UNPRINTED = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?", re.ASCII)
_PORT = re.compile(r"[^:]+:[^:]*")


class HostName(Struct, frozen=True):
    """A name in canonical form: `ascii` in A-labels, lower case, without a final dot; `unicode` as people read it."""

    asked: str
    ascii: str
    unicode: str

    @property
    def is_localhost(self) -> bool:
        """Whether RFC 6761 reserves it for loopback."""
        return self.ascii == "localhost" or self.ascii.endswith(".localhost")

    def findings(self) -> tuple[Finding, ...]:
        """Return what is unusual about the name."""
        found = []
        if "_" in self.ascii:
            message = f"{quote(self.asked)} has an underscore, which host names should not have"
            hint = "oVirt's engine and some name servers refuse such names"
            found.append(Finding(FindingCode.NAME_HAS_UNDERSCORE, Severity.WARNING, message, hint=hint))
        if "." not in self.ascii and not self.is_localhost:
            message = f"{quote(self.asked)} has no domain; it is looked up as it is, without a search list"
            hint = "give the fully qualified name"
            found.append(Finding(FindingCode.NAME_HAS_ONE_LABEL, Severity.INFO, message, hint=hint))
        scripts = mixed_scripts(self.unicode)
        if scripts:
            message = f"{quote(self.asked)} mixes letters of several scripts: {', '.join(scripts)}"
            hint = f"it may imitate another name; in ASCII it is {quote(self.ascii)}"
            found.append(Finding(FindingCode.NAME_HAS_MIXED_SCRIPTS, Severity.WARNING, message, hint=hint))
        return tuple(found)


def read_host_name(text: str) -> Address | HostName:
    """Return the address of a literal, or the canonical name; HostNameError says why the text is neither."""
    try:
        return parse_literal(text)
    except TypeError:
        raise HostNameError([_problem(HostNameCode.NO_TEXT, f"{quote(str(text))} is no text")]) from None
    except ValueError:
        pass
    problem = _not_a_name(text)
    if problem is not None:
        raise HostNameError([problem])
    ascii_name = _to_ascii(text)
    # IDNA mapping drops characters that do not show, and what is left may be a number after all
    problem = _numeric(ascii_name, quote(text)) or _wrong_labels(text, ascii_name)
    if problem is not None:
        raise HostNameError([problem])
    return HostName(text, ascii_name, _to_unicode(ascii_name))


def _problem(code: HostNameCode, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code, message, hint=hint)


def _not_a_name(text: str) -> Diagnostic | None:
    shown = quote(text)
    if not text.strip("."):
        return _problem(HostNameCode.EMPTY, "the host name is empty")
    if any(char.isspace() or unicodedata.category(char) in _UNPRINTED for char in text if char not in _JOINERS):
        return _problem(HostNameCode.BLANK, f"{shown} holds blanks or characters that do not print")
    if "://" in text:
        return _problem(HostNameCode.URL, f"{shown} is a URL", "give the host's name alone")
    if "@" in text:
        return _problem(HostNameCode.USER, f"{shown} names a user", "give the host's name alone")
    if "/" in text:
        return _problem(HostNameCode.PREFIX, f"{shown} has a prefix length or a path", "give the address or name alone")
    if "%" in text:
        return _problem(
            HostNameCode.ZONE,
            f"{shown} has a zone where none can be",
            "a zone goes with a link-local IPv6 address only",
        )
    if _PORT.fullmatch(text) or ("]:" in text and text.startswith("[")):
        return _problem(HostNameCode.PORT, f"{shown} has a port or a scheme", "give the host's name alone")
    if ":" in text or "[" in text or "]" in text:
        return _problem(HostNameCode.NO_ADDRESS, f"{shown} is no IPv6 address", "write it as in RFC 5952")
    if "*" in text:
        return _problem(HostNameCode.WILDCARD, f"{shown} is a wildcard and names no host")
    return _numeric(text, shown)


def _numeric(text: str, shown: str) -> Diagnostic | None:
    folded = unicodedata.normalize("NFKC", text).replace("。", ".")
    as_numbers = "".join(str(unicodedata.decimal(char, char)) for char in folded)
    if any(map(_only_looks_like_a_digit, text)) or (not text.isascii() and looks_numeric(as_numbers)):
        message = f"{shown} is written in digits or dots that only look like ASCII"
        return _problem(HostNameCode.WIDE_DIGITS, message, "write ASCII")
    if looks_numeric(text):
        message = f"{shown} is no address that everybody reads alike: {readings(text)}"
        return _problem(HostNameCode.AMBIGUOUS, message, "write four decimal numbers without leading zeros")
    return None


def _only_looks_like_a_digit(char: str) -> bool:
    """Tell full-width, circled and raised digits, which IDNA maps to ASCII; other scripts' own digits are legal."""
    return not char.isascii() and char.isdigit() and unicodedata.normalize("NFKC", char).isascii()


def _to_ascii(text: str) -> str:
    """Return the name in A-labels, lower case, without a final dot; labels in ASCII stay as they are."""
    if text.isascii() and "xn--" not in text.lower():
        return text.lower().removesuffix(".")
    idna = _idna(text)
    try:
        mapped = idna.uts46_remap(text, std3_rules=False).removesuffix(".")
        labels = [_to_a_label(idna, label) for label in mapped.split(".")]
    except (idna.IDNAError, UnicodeError) as error:
        message = f"{quote(text)} is no internationalised name (IDNA 2008): {str(error).lower()}"
        raise HostNameError([_problem(HostNameCode.IDNA, message)]) from None
    return ".".join(labels)


def _to_a_label(idna: ModuleType, label: str) -> str:
    if label.isascii() and not label.startswith("xn--"):
        return label
    return str(idna.alabel(label), "ascii").lower()


def _idna(text: str) -> ModuleType:
    """Return the IDNA library; without it a name would silently become another host's, so it is an error."""
    try:
        import idna  # noqa: PLC0415 -- only names outside of ASCII need it
    except ImportError:
        hint = "install `dnspython[idna]`"
        message = f"{quote(text)} cannot be read without the package `idna`"
        raise HostNameError([_problem(HostNameCode.IDNA_MISSING, message, hint)]) from None
    return idna


def _to_unicode(ascii_name: str) -> str:
    if "xn--" not in ascii_name:
        return ascii_name
    import idna  # noqa: PLC0415 -- only names outside of ASCII need it

    return ".".join(idna.ulabel(label) if label.startswith("xn--") else label for label in ascii_name.split("."))


def _wrong_labels(text: str, ascii_name: str) -> Diagnostic | None:
    shown = quote(text)
    if len(ascii_name) > LONGEST_NAME:
        return _problem(
            HostNameCode.TOO_LONG, f"{shown} has {len(ascii_name)} characters; a name has at most {LONGEST_NAME}"
        )
    for label in ascii_name.split("."):
        if not label:
            return _problem(HostNameCode.EMPTY_LABEL, f"{shown} has an empty label between its dots")
        if len(label) > LONGEST_LABEL:
            return _problem(
                HostNameCode.TOO_LONG,
                f"{shown} has a label of {len(label)} characters; a label has at most {LONGEST_LABEL}",
            )
        if not _LABEL.fullmatch(label):
            hint = "a label holds letters, digits and dashes, and no dash at its ends"
            return _problem(HostNameCode.CHARACTER, f"{quote(label)} in {shown} is no label of a host name", hint)
    return None
