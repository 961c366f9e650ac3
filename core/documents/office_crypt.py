"""Office documents that are protected with a password: decrypted when one of the known passwords fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.passwords import passwords
from rankscope.core.documents.text import shown

# Excel encrypts workbooks that only open read-only with this word, and opens them without asking.
_EXCELS_OWN = "VelvetSweatshop"


def decrypted(path: Path, folder: Path) -> Path:
    """The document without its protection, written into ``folder`` under the same name.

    Raises:
        Unreadable: ("encrypted") no known password fits, or the protection is of a kind that cannot be undone;
            ("damaged") the protection cannot be understood.
    """
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError

    place = folder / path.name
    try:
        with path.open("rb") as source:
            protected = msoffcrypto.OfficeFile(source)
            if any(_decrypt(protected, password, place) for password in (*filter(None, passwords()), _EXCELS_OWN)):
                return place
    except (FileFormatError, DecryptionError):
        raise unreadable(
            "encrypted",
            f"{shown(path)} is protected in a way that cannot be undone here.",
            "Open it in its own program and save a copy without the protection.",
        ) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(path) from None
    except MemoryError:
        raise
    except Exception:  # on damaged files msoffcrypto raises what its struct, XML and index operations raise
        raise _damaged(path) from None
    raise needs_password(path)


def needs_password(path: Path) -> Unreadable:
    """The failure of a protected file for which no password fits."""
    return unreadable(
        "encrypted",
        f"{shown(path)} is protected with a password.",
        "Enter its password, or save a copy without one.",
    )


def _decrypt(protected: Any, password: str, place: Path) -> bool:
    """Writes the decrypted document to ``place`` if the password fits."""
    from msoffcrypto.exceptions import InvalidKeyError

    # Old files check the password in any case, and their classes do not know the option.
    options = {"verify_password": True} if protected.format == "ooxml" else {}
    try:
        protected.load_key(password=password, **options)
        with place.open("wb") as target:
            protected.decrypt(target)
    except InvalidKeyError:
        return False
    return True


def _damaged(path: Path) -> Unreadable:
    return unreadable(
        "damaged",
        f"{shown(path)} is protected with a password, and damaged.",
        "Restore it from a backup, or open it in its own program and save a copy without a password.",
    )
