"""Parse the host that a caller gives. The result is an address, a host name in canonical form, or an error.

The host is parsed before the network is used. ASCII names follow RFC 1123, but underscores are allowed. Other names
follow IDNA 2008 (RFC 5891) after the mapping of UTS 46. `localhost` follows RFC 6761.

Some texts are an address for some programs and a name for other programs. Such a text is refused. Otherwise, the
decision could be about one host, while oVirt's engine connects to a different host.
"""

from __future__ import annotations

import re
import unicodedata
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError, Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.lazy_import import lazy_module
from evaluator.base.text import quote
from evaluator.facts.address import Address
from evaluator.facts.literal import parse_literal
from evaluator.names.numerics import looks_numeric, readings
from evaluator.names.scripts import mixed_scripts

if TYPE_CHECKING:
    import idna
else:
    idna = lazy_module("idna")

LONGEST_NAME = 253
LONGEST_LABEL = 63
_JOINERS = "\u200c\u200d"  # valid between certain letters: RFC 5892, appendix A.1 and A.2
_NOT_PRINTABLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?", re.ASCII)
_PORT = re.compile(r"[^:]+:[^:]*")


class HostName(Struct, frozen=True):
    """A host name.

    `asked` is the text from the caller. `ascii` is the canonical form: A-labels, lower case, no final dot. `unicode` is
    the same name in U-labels, for readers.
    """

    asked: str
    ascii: str
    unicode: str

    @property
    def is_localhost(self) -> bool:
        """Return whether RFC 6761 reserves the name for loopback."""
        return self.ascii == "localhost" or self.ascii.endswith(".localhost")

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings on a name that is valid but unusual."""
        findings = []
        if "_" in self.ascii:
            message = f"{quote(self.asked)} has an underscore, which is not valid in host names"
            hint = "oVirt's engine and some name servers refuse such names"
            findings.append(Finding(FindingCode.NAME_HAS_UNDERSCORE, Severity.WARNING, message, hint=hint))
        if "." not in self.ascii and not self.is_localhost:
            message = f"{quote(self.asked)} has no domain; it is looked up without a search list"
            hint = "use the fully qualified name"
            findings.append(Finding(FindingCode.NAME_HAS_ONE_LABEL, Severity.INFO, message, hint=hint))
        scripts = mixed_scripts(self.unicode)
        if scripts:
            message = f"{quote(self.asked)} mixes letters of several scripts: {', '.join(scripts)}"
            hint = f"the name possibly imitates another name; in ASCII, the name is {quote(self.ascii)}"
            findings.append(Finding(FindingCode.NAME_HAS_MIXED_SCRIPTS, Severity.WARNING, message, hint=hint))
        return tuple(findings)


def read_host_name(text: str) -> Address | HostName:
    """Return the address, or the canonical name. Raises HostNameError if the text is neither an address nor a name."""
    try:
        return parse_literal(text)
    except TypeError:
        raise HostNameError(
            [_problem(HostNameCode.NO_TEXT, f"the host name must be a string, not {quote(str(text))}")]
        ) from None
    except ValueError:
        pass
    problem = _syntax_problem(text)
    if problem is not None:
        raise HostNameError([problem])
    ascii_name = _to_ascii(text)
    # the IDNA mapping removes invisible characters, so that the result may look like a number
    problem = _number_problem(ascii_name, quote(text)) or _label_problem(text, ascii_name)
    if problem is not None:
        raise HostNameError([problem])
    return HostName(text, ascii_name, _to_unicode(ascii_name))


def _problem(code: HostNameCode, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code, message, hint=hint)


def _syntax_problem(text: str) -> Diagnostic | None:
    quoted = quote(text)
    if not text.strip("."):
        return _problem(HostNameCode.EMPTY, "the host name is empty")
    if any(char.isspace() or unicodedata.category(char) in _NOT_PRINTABLE for char in text if char not in _JOINERS):
        return _problem(HostNameCode.BLANK, f"{quoted} contains spaces or characters that cannot be printed")
    if "://" in text:
        return _problem(HostNameCode.URL, f"{quoted} is a URL", "give only the host name")
    if "@" in text:
        return _problem(HostNameCode.USER, f"{quoted} contains a user name", "give only the host name")
    if "/" in text:
        return _problem(HostNameCode.PREFIX, f"{quoted} has a prefix length or a path", "give only the address or name")
    if "%" in text:
        return _problem(
            HostNameCode.ZONE,
            f"{quoted} has a zone, but is not a link-local IPv6 address",
            "remove the zone",
        )
    if _PORT.fullmatch(text) or ("]:" in text and text.startswith("[")):
        return _problem(HostNameCode.PORT, f"{quoted} has a port or a scheme", "give only the host name")
    if ":" in text or "[" in text or "]" in text:
        return _problem(HostNameCode.NO_ADDRESS, f"{quoted} is not a valid IPv6 address", "write it as in RFC 5952")
    if "*" in text:
        return _problem(HostNameCode.WILDCARD, f"{quoted} is a wildcard, not a host name")
    return _number_problem(text, quoted)


def _number_problem(text: str, quoted: str) -> Diagnostic | None:
    folded = unicodedata.normalize("NFKC", text).replace("。", ".")
    as_numbers = "".join(str(unicodedata.decimal(char, char)) for char in folded)
    if any(map(_only_looks_like_a_digit, text)) or (not text.isascii() and looks_numeric(as_numbers)):
        message = f"{quoted} has digits or dots that only look like ASCII"
        return _problem(HostNameCode.WIDE_DIGITS, message, "write them in ASCII")
    if looks_numeric(text):
        message = f"programs do not agree which address {quoted} is: {readings(text)}"
        return _problem(HostNameCode.AMBIGUOUS, message, "write four decimal numbers without leading zeros")
    return None


def _only_looks_like_a_digit(char: str) -> bool:
    """Return whether IDNA maps a character to an ASCII digit: a full-width, circled or superscript digit.

    The digits of other scripts are valid in names.
    """
    return not char.isascii() and char.isdigit() and unicodedata.normalize("NFKC", char).isascii()


def _to_ascii(text: str) -> str:
    """Return the name in A-labels, in lower case, without a final dot; ASCII labels are not mapped."""
    if text.isascii() and "xn--" not in text.lower():
        return text.lower().removesuffix(".")
    _require_idna(text)
    try:
        mapped = idna.uts46_remap(text, std3_rules=False).removesuffix(".")
        labels = [_to_a_label(label) for label in mapped.split(".")]
    except (idna.IDNAError, UnicodeError) as error:
        message = f"{quote(text)} is not a valid internationalized name (IDNA 2008): {str(error).lower()}"
        raise HostNameError([_problem(HostNameCode.IDNA, message)]) from None
    return ".".join(labels)


def _to_a_label(label: str) -> str:
    if label.isascii() and not label.startswith("xn--"):
        return label
    return str(idna.alabel(label), "ascii").lower()


def _require_idna(text: str) -> None:
    """Raise HostNameError if the IDNA library is not installed, because a wrong mapping gives another host."""
    if find_spec("idna") is None:
        hint = "install `dnspython[idna]`"
        message = f"{quote(text)} needs the Python package `idna`"
        raise HostNameError([_problem(HostNameCode.IDNA_MISSING, message, hint)])


def _to_unicode(ascii_name: str) -> str:
    if "xn--" not in ascii_name:
        return ascii_name
    return ".".join(idna.ulabel(label) if label.startswith("xn--") else label for label in ascii_name.split("."))


def _label_problem(text: str, ascii_name: str) -> Diagnostic | None:
    quoted = quote(text)
    if len(ascii_name) > LONGEST_NAME:
        return _problem(
            HostNameCode.TOO_LONG, f"{quoted} has {len(ascii_name)} characters; a name has at most {LONGEST_NAME}"
        )
    for label in ascii_name.split("."):
        if not label:
            return _problem(HostNameCode.EMPTY_LABEL, f"{quoted} has an empty label between its dots")
        if len(label) > LONGEST_LABEL:
            return _problem(
                HostNameCode.TOO_LONG,
                f"{quoted} has a label of {len(label)} characters; a label has at most {LONGEST_LABEL}",
            )
        if not _LABEL.fullmatch(label):
            hint = "a label consists of letters, digits and dashes, without a dash at its beginning or end"
            return _problem(
                HostNameCode.CHARACTER, f"{quote(label)} in {quoted} is not a valid label of a host name", hint
            )
    return None
