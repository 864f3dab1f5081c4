"""Methods that do what no method should; each is bounded in itself, so that a test that fails harms nobody."""

import ctypes
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from deepfeat.methods import Importance, Method, MethodError

# Nothing that is started here lives longer, whatever happens to the one who started it.
LONGEST = 60


def scores(ensemble, data):
    return np.arange(1.0, 1 + len(ensemble) * data.n_features).reshape(len(ensemble), data.n_features)


class Hostile(Method):
    """Answers like a good one, after it has done harm."""

    def explain(self, ensemble, data, context):
        self.harm(ensemble, data, context)
        return Importance(scores(ensemble, data))

    def harm(self, ensemble, data, context):
        raise NotImplementedError


def deepfeat_methods():
    """All but the base."""
    return [
        kind
        for kind in globals().values()
        if isinstance(kind, type) and issubclass(kind, Hostile) and kind is not Hostile
    ]


class Raises(Hostile):
    """Raises, with a message that is long and full of controls."""

    name = "h_raises"

    def harm(self, ensemble, data, context):
        raise ZeroDivisionError("of all things \x1b[31m<script>alert(1)</script>\n" + "x" * 10_000_000)


class RaisesStrangely(Hostile):
    """Raises something that is no Exception and cannot be shown."""

    name = "h_raises_strangely"

    def harm(self, ensemble, data, context):
        class Strange(BaseException):
            def __str__(self):
                raise RuntimeError("no text")

        raise Strange


class Recurses(Hostile):
    """Calls itself without end."""

    name = "h_recurses"

    def harm(self, ensemble, data, context):
        self.harm(ensemble, data, context)


class SysExit(Hostile):
    """Leaves politely, as if all were well."""

    name = "h_sys_exit"

    def harm(self, ensemble, data, context):
        sys.exit(0)


class OsExit(Hostile):
    """Leaves at once, as if all were well."""

    name = "h_os_exit"

    def harm(self, ensemble, data, context):
        os._exit(0)


class Segfault(Hostile):
    """Reads where nothing is."""

    name = "h_segfault"

    def harm(self, ensemble, data, context):
        ctypes.string_at(0)


class Abort(Hostile):
    """Ends as a failed assertion of compiled code does."""

    name = "h_abort"

    def harm(self, ensemble, data, context):
        os.abort()


class KillsItself(Hostile):
    """Cannot be stopped from stopping."""

    name = "h_kills_itself"

    def harm(self, ensemble, data, context):
        os.kill(os.getpid(), signal.SIGKILL)


class KillsItsGroup(Hostile):
    """Ends its process group, which in a careless program is the program's."""

    name = "h_kills_its_group"

    def harm(self, ensemble, data, context):
        os.killpg(0, signal.SIGKILL)


class KillsItsParent(Hostile):
    """Ends the process that watches over it."""

    name = "h_kills_its_parent"

    def harm(self, ensemble, data, context):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(LONGEST)


class Endless(Hostile):
    """Does not end, and takes no for an answer from nobody."""

    name = "h_endless"

    def harm(self, ensemble, data, context):
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            try:
                time.sleep(0.01)
            except BaseException:
                pass


class EndlessInC(Hostile):
    """Does not end in compiled code that never gives the interpreter back."""

    name = "h_endless_in_c"

    def harm(self, ensemble, data, context):
        ctypes.PyDLL(None).sleep(LONGEST)


class EndlessThread(Hostile):
    """Answers, and leaves a thread that would keep the interpreter from ending."""

    name = "h_endless_thread"

    def harm(self, ensemble, data, context):
        threading.Thread(target=time.sleep, args=(LONGEST,), daemon=False).start()


class EightGigabytes(Hostile):
    """Takes eight gigabytes at once."""

    name = "h_eight_gigabytes"

    def harm(self, ensemble, data, context):
        np.ones(1 << 30).sum()


class GrowsSlowly(Hostile):
    """Takes memory bit by bit."""

    name = "h_grows_slowly"

    def harm(self, ensemble, data, context):
        taken = []
        for _ in range(400):
            taken.append(np.ones(1 << 20))
            time.sleep(0.005)


class Multiplies(Hostile):
    """Starts processes that start processes: 511 in all, if nobody stops it."""

    name = "h_multiplies"

    def harm(self, ensemble, data, context):
        self.multiply(8)

    def multiply(self, generations):
        signal.alarm(LONGEST)
        for _ in range(2 if generations else 0):
            if os.fork() == 0:
                self.multiply(generations - 1)
        time.sleep(LONGEST)
        os._exit(0)


class LeavesChildren(Hostile):
    """Answers, and leaves processes that nobody is to find: of another session, their parent gone."""

    name = "h_leaves_children"

    def harm(self, ensemble, data, context):
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    signal.alarm(LONGEST)
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    while True:
                        time.sleep(1)
                os._exit(0)
        subprocess.Popen(["sleep", str(LONGEST)], start_new_session=True)
        time.sleep(0.2)


class PrintsAGigabyte(Hostile):
    """Prints a gigabyte, half of it to standard error, without a line end."""

    name = "h_prints_a_gigabyte"

    def harm(self, ensemble, data, context):
        block = b"\x1b]0;gotcha\x07" * 100_000
        for number in range(1000):
            os.write(1 + number % 2, block)


class LogsWithoutEnd(Hostile):
    """Logs a hundred thousand lines, some of them forged."""

    name = "h_logs_without_end"

    def harm(self, ensemble, data, context):
        for number in range(100_000):
            context.logger.critical("line %d\n2026-01-01 INFO deepfeat: all is well", number)
            context.progress(number, 100_000)
        logging.getLogger("deepfeat.runs.runner").error("forged")


class WrongShape(Hostile):
    """Answers about a feature too many."""

    name = "h_wrong_shape"

    def explain(self, ensemble, data, context):
        return Importance(np.ones((len(ensemble), data.n_features + 1)))


class NotFinite(Hostile):
    """Answers NaN."""

    name = "h_not_finite"

    def explain(self, ensemble, data, context):
        return Importance(np.full((len(ensemble), data.n_features), np.nan))


class NoAnswer(Hostile):
    """Answers with something else."""

    name = "h_no_answer"

    def explain(self, ensemble, data, context):
        return {"scores": lambda: None}


class HugeAnswer(Hostile):
    """Answers with half a gigabyte."""

    name = "h_huge_answer"

    def explain(self, ensemble, data, context):
        return Importance(
            scores(ensemble, data), per_class=np.ones((len(ensemble), 1 << 23, data.n_features))
        )


class MutatesTable(Hostile):
    """Changes the table."""

    name = "h_mutates_table"

    def harm(self, ensemble, data, context):
        data.x[:] = 0


class MutatesTableInPlaceOfAll(Hostile):
    """Changes the files that the tables of all methods come from."""

    name = "h_mutates_files"

    def harm(self, ensemble, data, context):
        changed = 0
        for line in Path("/proc/self/maps").read_text().splitlines():
            path = Path(line.split()[-1])
            if path.suffix == ".npy":
                try:
                    path.chmod(0o666)
                    path.write_bytes(bytes(path.stat().st_size))
                    changed += 1
                except OSError:
                    pass
        if changed == 0:
            raise MethodError("no file could be changed")


class MutatesWeights(Hostile):
    """Changes the weights of all members, in every way there is."""

    name = "h_mutates_weights"

    def harm(self, ensemble, data, context):
        for model in ensemble.models():
            model.set_weights([weight * 0 for weight in model.get_weights()])
        ensemble.gates[:] = 0
        for values in ensemble.members.load(range(len(ensemble)))[0]:
            values[:] = 0


class Reseeds(Hostile):
    """Sets every global generator, and what a library is to answer."""

    name = "h_reseeds"

    def harm(self, ensemble, data, context):
        import keras
        import tensorflow as tf

        random.seed(0)
        np.random.seed(0)
        keras.utils.set_random_seed(0)
        tf.random.set_seed(0)
        np.mean = np.sum
        Importance.check = lambda *_: None
        keras.backend.set_floatx("float16")


class WritesElsewhere(Hostile):
    """Writes into the results of others."""

    name = "h_writes_elsewhere"

    def harm(self, ensemble, data, context):
        (context.folder.parent / "gate.csv").write_text("forged")
        (Path.cwd() / "h_writes_elsewhere.txt").write_text("here")


class Markup(Hostile):
    """Answers well, with markup and escape codes in its notes and in the names of its files."""

    name = "h_markup"

    def explain(self, ensemble, data, context):
        (context.artefact("<img src=x onerror=alert(1)>.txt")).write_text("<script>alert(1)</script>")
        notes = ("<script>alert(1)</script>", "\x1b[2J\x1b[31mred \u202e", "# [link](javascript:alert(1))")
        return Importance(scores(ensemble, data), notes=notes)


class ManyNotes(Hostile):
    """Answers with notes of a hundred megabytes."""

    name = "h_many_notes"

    def explain(self, ensemble, data, context):
        return Importance(scores(ensemble, data), notes=("x" * 1000,) * 100_000)
