"""The entry point of the command `activenic`.

A short command imports modules for most of its time. An interrupt (ctrl-c) during an import would print a traceback. So
this module imports little, and `main` handles SIGINT before it imports the rest:

- While modules are imported and while the interpreter ends, an interrupt ends the process at once. Nothing has to be
  cleaned up then. An exception would not be enough: Python prints exceptions in callbacks, and it calls such callbacks
  after each import and when it ends.
- While the command runs, an interrupt raises KeyboardInterrupt as usual, so that the command can clean up.

A short command makes hardly any garbage, but imports create many objects. So the garbage collector runs after more new
objects than usual, and `gc.freeze` excludes all objects from the collections at the end of the process.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

TYPE_CHECKING = False  # importing `typing` takes longer than the other imports of this module
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

_OBJECTS_BETWEEN_COLLECTIONS = 50_000
_INTERRUPTED = 130  # `Exit.INTERRUPTED`; importing it here would import other modules


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Without `arguments`, `main` uses the arguments of the process. It changes the signal handlers and the garbage
    collector of the process, so the process must end afterwards.

    With `arguments`, `main` changes neither signal handlers nor the garbage collector, so the process can continue.
    """
    if arguments is None:
        return _run_process()
    return _imported_run()(arguments)


def _imported_run() -> Callable[[Sequence[str]], int]:
    from evaluator.cli.run import run  # noqa: PLC0415 -- see the docstring of this module

    return run


def _run_process() -> int:
    handles_interrupts = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # `nohup` ignores them
    sys.unraisablehook = _end_if_interrupted
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    if handles_interrupts:
        signal.signal(signal.SIGINT, _end)
    run = _imported_run()
    try:
        if handles_interrupts:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # a second interrupt, while `run` handles the first one
        status = _INTERRUPTED
    finally:
        if handles_interrupts:
            signal.signal(signal.SIGINT, _end)
        _discard_unwritable_output()
        gc.freeze()
    if status == _INTERRUPTED:
        os._exit(status)  # a thread of a process pool may wait for a result that does not come
    return status


def _discard_unwritable_output() -> None:
    """Discard output that cannot be written, for example because the disk is full.

    Otherwise, Python would try to write this output again at the end of the process, print an error, and replace the
    exit status that `run` returned.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _end(_: int, __: FrameType | None) -> None:
    os._exit(_INTERRUPTED)


def _end_if_interrupted(unraisable: sys.UnraisableHookArgs) -> None:
    """Handle an exception that Python cannot raise, for example in a destructor. An interrupt ends the process."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        os._exit(_INTERRUPTED)
    sys.__unraisablehook__(unraisable)
