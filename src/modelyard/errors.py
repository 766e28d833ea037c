"""Every error that Modelyard raises, as one tree.

::

    YardError
    ├── UsageError        what was asked cannot be understood or makes no sense        exit 2
    ├── NotFound          the hub has no such model, revision or file                  exit 3
    ├── AccessError       the hub says no: key, licence, early access, disabled        exit 4
    ├── NetworkError      the transfer failed; trying again may help                   exit 5
    ├── ContentError      the bytes are not the ones that were promised                exit 6
    ├── DiskError         this machine cannot keep the file                            exit 7
    ├── Waiting           the hub asked us to come back much later                     exit 8
    ├── Busy              somebody else holds what we need                             exit 9
    └── Stopped           the person or the system asked us to stop                    exit 130

Each class has a stable kebab-case ``code``, and each error the four facts that every face shows:
``code``, ``message`` (what happened, with names and numbers), ``hint`` (the next step a person can
take) and ``retryable``. This file imports nothing of ours.
"""

from __future__ import annotations

import errno
from typing import Any, ClassVar


class YardError(Exception):
    """Something went wrong that a person should read about.

    Args:
        message: What happened, with names and numbers, never a secret.
        hint: The next step a person can take; the class gives a default.
        link: A page where that step is taken, when there is one.
        facts: Further JSON-able details for programs (``status=403``).
    """

    code: ClassVar[str] = "internal"
    hint: str = "Please report this with the command you ran."
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None, link: str | None = None, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = type(self).hint if hint is None else hint
        self.link = link
        self.facts = facts

    def as_dict(self) -> dict[str, Any]:
        """The error as JSON-able data: code, message, hint, retryable, link and facts when there are any."""
        told: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
        }
        if self.link:
            told["link"] = self.link
        if self.facts:
            told["facts"] = self.facts
        return told


def unforeseen(error: BaseException) -> YardError:
    """A defect of ours, told as one: what nobody foresaw must neither be hidden nor stop other files."""
    refused = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if refused or isinstance(error, MemoryError) or "can't start new thread" in str(error):
        return OutOfMemory("The system gives this process no more memory.")
    return YardError(f"Something unforeseen happened: {type(error).__name__}: {error}")


# --- what was asked ------------------------------------------------------------------------------


class UsageError(YardError):
    """What was asked cannot be understood or makes no sense."""

    code = "usage"
    hint = "See `modelyard --help`."
    exit_code = 2


class BadAddress(UsageError):
    """A text that no hub can read as an address."""

    code = "bad-address"
    hint = "Paste a model page, a file link, hf:owner/repo, civitai:MODEL@VERSION, ms:owner/repo or a URL."


class UnknownHub(UsageError):
    """A prefix such as ``foo:`` that belongs to no hub."""

    code = "unknown-hub"
    hint = "Known prefixes are hf:, civitai:, ms:, gh: and urn:air:; plugins may add more."


class NothingSelected(UsageError):
    """A glob or a selection that matches no file."""

    code = "nothing-selected"
    hint = "List what there is with `modelyard files ADDRESS`."


class BadValue(UsageError):
    """A setting, size, hash or pattern that cannot be read."""

    code = "bad-value"
    hint = "Check how it is written."


class NotSupported(UsageError):
    """Something that this build or this hub cannot do."""

    code = "not-supported"
    hint = "Install the extra that the message names."


def extra_needed(what: str, extra: str) -> NotSupported:
    """The error of a part that is not installed, with the line that adds it.

    Args:
        what: A sentence's beginning: ``Notifications need``.
        extra: Its name in pyproject.toml.
    """
    line = f"`MODELYARD_EXTRAS={extra} python3 run.py`"
    return NotSupported(
        f"{what} the extra `modelyard[{extra}]`.",
        hint=f"Add it with `pip install 'modelyard[{extra}]'`, or once with {line} where that starts Modelyard.",
    )


class TooManyAddresses(UsageError):
    """A batch with more addresses than one may have."""

    code = "too-many-addresses"
    hint = "Divide it into several batches."


# --- the hub has no such thing -------------------------------------------------------------------


class NotFound(YardError):
    """The hub has no such model, revision or file."""

    code = "not-found"
    hint = "Check the spelling, or search with `modelyard search TEXT`."
    exit_code = 3


class ModelNotFound(NotFound):
    """No model under this name or number, or none that we may see."""

    code = "model-not-found"
    hint = "Check the name. A private model looks the same without a key that may see it: `modelyard keys set HUB`."


class RevisionNotFound(NotFound):
    """The model exists, the branch, tag, commit or version does not."""

    code = "revision-not-found"
    hint = "Leave the revision out to get the default one."


class FileNotInModel(NotFound):
    """The model exists, the file does not."""

    code = "file-not-found"
    hint = "List what there is with `modelyard files ADDRESS`."


class Removed(NotFound):
    """Its author or the hub took the model away."""

    code = "removed"
    hint = "Look for a mirror by its hash: `modelyard search SHA256`."


# --- the hub says no -----------------------------------------------------------------------------


class AccessError(YardError):
    """The hub says no."""

    code = "access-denied"
    hint = "Open the model's page and see what it asks for."
    exit_code = 4


class LoginNeeded(AccessError):
    """The file needs a key and we sent none."""

    code = "login-needed"
    hint = "Store a key with `modelyard keys set HUB`, then run the same line again."


class LicenceNotAccepted(AccessError):
    """A gated model whose terms this account has not accepted."""

    code = "licence-not-accepted"
    hint = "Open the model's page, accept its terms, then run the same line again."


class EarlyAccess(AccessError):
    """The file is for paying supporters until a date."""

    code = "early-access"
    hint = "Wait for the date, or get access on the model's page."


class DownloadsDisabled(AccessError):
    """The author or the hub disabled downloads; no key helps."""

    code = "downloads-disabled"
    hint = "No key helps here: its author disabled downloads. Look for another version or mirror."


class KeyWrong(AccessError):
    """The hub does not know this key."""

    code = "key-wrong"
    hint = "Make a new key on the hub's settings page and store it with `modelyard keys set HUB`."


class KeyScope(AccessError):
    """The key is good but may not do this."""

    code = "key-scope"
    hint = "Give the key read access to gated repositories on the hub's settings page."


class AddressForbidden(AccessError):
    """The network address is one that this caller may not reach."""

    code = "address-forbidden"
    hint = "Only public addresses and registered hubs may be reached from here: `modelyard lan add http://HOST:PORT`."


# --- the transfer failed -------------------------------------------------------------------------


class NetworkError(YardError):
    """The transfer failed; trying again may help."""

    code = "network"
    hint = "Check the connection and run the same line again: it goes on where it stopped."
    retryable = True
    exit_code = 5


class Unreachable(NetworkError):
    """No connection: name not found, refused, no route."""

    code = "unreachable"
    hint = "Check the network, the proxy settings and the host's name."


class TlsFailed(NetworkError):
    """The other side could not prove who it is."""

    code = "tls-failed"
    hint = "If your network re-signs traffic, name its certificate in SSL_CERT_FILE."
    retryable = False


class PinDiffers(TlsFailed):
    """A hub shows another key than the one pinned for it."""

    code = "pin-differs"
    hint = "Compare with what the hub itself shows: `modelyard lan check`."


class Interrupted(NetworkError):
    """The connection broke in the middle."""

    code = "interrupted"


class Stalled(NetworkError):
    """The other side stopped sending."""

    code = "stalled"


class ServerFailed(NetworkError):
    """The server answered with an error of its own (5xx, 408)."""

    code = "server-failed"
    hint = "The hub has a problem. Run the same line again later: it goes on where it stopped."


class RateLimited(NetworkError):
    """The hub says we ask too often."""

    code = "rate-limited"
    hint = "Wait a little; a key raises the limits of most hubs."


class BadAnswer(NetworkError):
    """An answer that breaks HTTP or the hub's own format."""

    code = "bad-answer"
    hint = "A proxy or the hub sends something odd. Try another network or mirror."
    retryable = False


class TooManyRedirects(BadAnswer):
    """A redirect loop, or one that leads where it must not."""

    code = "bad-redirect"


class Offline(NetworkError):
    """We were told not to use the network, and the answer is not in the cache."""

    code = "offline"
    hint = "Run the same line without --offline once, then it is kept."
    retryable = False


# --- the bytes are wrong -------------------------------------------------------------------------


class ContentError(YardError):
    """The bytes are not the ones that were promised."""

    code = "wrong-content"
    hint = "Nothing was saved. Try another source."
    exit_code = 6


class HashDiffers(ContentError):
    """The measured hash is not the claimed one."""

    code = "hash-differs"
    hint = "Nothing was saved. Check the hash you gave, or report the file to the hub."


class ChangedAtSource(ContentError):
    """The file changed at its source and is no longer the one that was promised."""

    code = "changed-at-source"
    hint = "Look at the new version with `modelyard info ADDRESS` and ask for that one."


class NotAModel(ContentError):
    """A page, an error text or another kind of file came instead of a model."""

    code = "not-a-model"
    hint = "Open the link in a browser: it probably wants a login or shows an error."


class LengthUnknown(ContentError):
    """The end of the file cannot be proven: no size, no hash, no end mark."""

    code = "length-unknown"
    hint = "Give the hash with --sha256, or use another source."


class SizeDiffers(ContentError):
    """The source holds more or fewer bytes than promised."""

    code = "size-differs"


class Damaged(ContentError):
    """A file on disk no longer has the bytes that were measured."""

    code = "damaged"
    hint = "Mend it with `modelyard verify --repair PATH`: only the broken blocks are fetched."


class SidecarUnreadable(ContentError):
    """A small file beside a model cannot be read, so that it is not written either."""

    code = "sidecar-unreadable"
    hint = "Look at the file; move it away if nobody needs it."


class PreviewRefused(ContentError):
    """A picture or video that is none, is too large, or takes too long to decode."""

    code = "preview-refused"
    hint = "Use a PNG, JPEG, WebP, GIF or AVIF up to 20 MB and 25 megapixels, or an MP4 or WebM video."


class UnsafeArchive(ContentError):
    """An archive that wants to write outside its folder or never ends."""

    code = "unsafe-archive"
    hint = "Nothing was unpacked. Do not trust this archive."


class NoWorkflow(ContentError):
    """A file that holds no workflow, or one that cannot be read."""

    code = "no-workflow"
    hint = "Save the workflow from ComfyUI's menu, or give a picture that ComfyUI saved itself."


class UnsafePickle(ContentError):
    """A pickle that would run code when a program loads it."""

    code = "unsafe-pickle"
    hint = "Look for a safetensors version. If you trust its author: `modelyard quarantine release FILE`."


# --- this machine cannot keep it -----------------------------------------------------------------


class DiskError(YardError):
    """This machine cannot keep the file."""

    code = "disk"
    hint = "Check the disk and the folder."
    exit_code = 7


class DiskFull(DiskError):
    """No room, or a quota is used up."""

    code = "disk-full"
    hint = "Free some room or choose another folder, then run the same line again: it goes on where it stopped."


class FileTooBig(DiskError):
    """The file system or a limit forbids files of this size."""

    code = "file-too-big"
    hint = "Choose a disk that takes files of this size (FAT stops at 4 GB)."


class NoPermission(DiskError):
    """We may not write here."""

    code = "no-permission"
    hint = "Choose a folder you may write to, or change its rights."


class ReadOnlyDisk(DiskError):
    """The file system is mounted read-only."""

    code = "read-only-disk"


class DiskFailed(DiskError):
    """The disk reported an input/output error."""

    code = "disk-failed"
    hint = "Check the disk: it reported an error. Nothing was marked as done."


class TargetExists(DiskError):
    """Another file stands under the final name."""

    code = "target-exists"
    hint = (
        "Keep it and choose another name with --to, or replace it with --force (it stays until the new one is proven)."
    )


class UnsafePath(DiskError):
    """A path that leaves its folder or is no place for a model."""

    code = "unsafe-path"
    hint = "Choose a plain file name inside a folder of yours."


class NoSuchFile(DiskError):
    """A path that was named does not exist here."""

    code = "no-such-file"
    hint = "Check the path."


# --- later, or not now ---------------------------------------------------------------------------


class Waiting(YardError):
    """The hub asked us to come back much later."""

    code = "waiting"
    hint = "Run the same line after that time: it goes on where it stopped."
    retryable = True
    exit_code = 8


class OutOfMemory(YardError):
    """The system gives no more memory, or no more threads; what was fetched is kept."""

    code = "out-of-memory"
    hint = "Close other programs or raise the limit (`ulimit -v`), and run the same line again: it goes on."
    retryable = True
    exit_code = 7


class Busy(YardError):
    """Somebody else holds what we need."""

    code = "busy"
    hint = "Another download of this file is running; wait for it or stop it."
    retryable = True
    exit_code = 9


class Stopped(YardError):
    """The person or the system asked us to stop; what was fetched is kept."""

    code = "stopped"
    hint = "Run the same line again: it goes on where it stopped."
    retryable = True
    exit_code = 130


# --- the service: what it says to whoever knocks -----------------------------------------------------


class BadRequest(UsageError):
    """A request that does not fit the API: a wrong type, an unknown field, a bound that is crossed."""

    code = "bad-request"
    hint = "See /api/v1/openapi.json for what this route takes."


class NoSuchRoute(NotFound):
    """The service has nothing under this path."""

    code = "no-such-route"
    hint = "See /api/v1/openapi.json for all paths."


class WrongMethod(UsageError):
    """The path exists, but not for this method."""

    code = "wrong-method"
    hint = "The Allow header names the methods of this path."


class WrongMediaType(UsageError):
    """A write whose body is not declared as JSON."""

    code = "wrong-media-type"
    hint = "Send JSON with Content-Type: application/json."


class BodyTooLarge(UsageError):
    """A request with more bytes than the route takes."""

    code = "body-too-large"
    hint = "Split it into several requests."


class KeyReused(UsageError):
    """An Idempotency-Key that already belongs to another request."""

    code = "key-reused"
    hint = "Make a new key for each new request."


class OutcomeUnknown(UsageError):
    """A request under this Idempotency-Key was begun before, and what became of it is not known any more."""

    code = "outcome-unknown"
    hint = "Look whether it was done; if it was not, send it again with a new key."


class UnsafeListening(UsageError):
    """A way to listen that would leave the service open to others."""

    code = "unsafe-listening"
    hint = "See docs/service.md: others may reach the service only with a password and TLS."


class WrongHost(AccessError):
    """A request for a host name that is not ours, as rebinding pages send it."""

    code = "wrong-host"
    hint = "Use the address that `modelyard serve` printed."


class CrossSite(AccessError):
    """A request that a page of another origin made."""

    code = "cross-site"
    hint = "Only the service's own page and programs with a token may ask."


class TokenNeeded(AccessError):
    """The request has no token that we know."""

    code = "token-needed"
    hint = "Open a fresh link from `modelyard page`, or send a token in the Authorization header."


class RoleTooLow(AccessError):
    """The token is good, but its role may not do this."""

    code = "role-too-low"
    hint = "Ask an admin of this service for a token with the role that the message names."


class PasswordWrong(AccessError):
    """Not the password of this service."""

    code = "password-wrong"
    hint = "Set another with `modelyard serve --set-password` on its machine."


class NoSuchToken(NotFound):
    """A token that this service does not have."""

    code = "no-such-token"
    hint = "List them with GET /api/v1/tokens."


class TooManyTries(Waiting):
    """Too many wrong tokens, codes or passwords from one place."""

    code = "too-many-tries"
    hint = "Wait as long as Retry-After says."


class NoService(NetworkError):
    """No service runs on this data folder."""

    code = "no-service"
    hint = "Start one with `modelyard serve`."


# --- the queue -------------------------------------------------------------------------------------


class NoSuchTask(NotFound):
    """A task id that the queue does not have."""

    code = "no-such-task"
    hint = "List them: `modelyard queue`, or `modelyard history` for ended ones."


class IllegalMove(UsageError):
    """A task cannot go from its state to the one that was asked for."""

    code = "illegal-move"
    hint = "See its state with `modelyard queue`."


class NeedFailed(YardError):
    """A task that this one needs was not done."""

    code = "need-failed"
    hint = "Try the other task again, then this one."
    exit_code = 1


class Stuck(NetworkError):
    """A task that runs without getting further, and was stopped for it."""

    code = "stuck"
    hint = "It is tried again by itself; look at its history if that does not help."
    retryable = True


class HookFailed(YardError):
    """A hook could not be run, failed or took too long."""

    code = "hook-failed"
    hint = "Try it alone with `modelyard hooks test NAME`."


# --- the library ---------------------------------------------------------------------------------


class NoSuchRoot(NotFound):
    """A folder that was never registered, or a path index that it does not have."""

    code = "no-such-root"
    hint = "See `modelyard roots`."


class NoSuchModel(NotFound):
    """A model that the catalogue does not have."""

    code = "no-such-model"
    hint = "See `modelyard list`; new files are found by `modelyard scan`."


class NotInTrash(NotFound):
    """An entry that no trash of the roots has."""

    code = "not-in-trash"
    hint = "See `modelyard trash`."


class NoSuchProgram(NotFound):
    """A program that was not found on this machine, or a name that several have."""

    code = "no-such-program"
    hint = "See `modelyard programs`; `modelyard programs --path DIR` names a place that we do not look in."


class NoSuchLoan(NotFound):
    """A link to a program that was never made, or is gone."""

    code = "no-such-loan"
    hint = "See `modelyard link --list`."


class CannotLend(DiskError):
    """A model that a program cannot be given, or not without harm; the message says why."""

    code = "cannot-lend"
    hint = "See what each program takes: docs/programs.md."


class CannotShare(DiskError):
    """Two equal files that cannot have one place on the disk; `reason` among the facts says why."""

    code = "cannot-share"
    hint = "Remove one of them with `modelyard trash`, and let programs find the other."
