"""A limit on the time of one method."""

import signal
import threading
import time
import traceback

import pytest

from deepfeat.methods import timelimit
from deepfeat.methods.timelimit import TimeLimitError, time_limit


def handler() -> object:
    return signal.getsignal(signal.SIGALRM)


def spin(seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@pytest.mark.parametrize("work", [spin, time.sleep], ids=["computing", "waiting"])
def test_what_takes_too_long_is_interrupted(work: object) -> None:
    before, start = handler(), time.monotonic()
    words = r"longer than 0\.1 s; raise limits\.method_seconds"
    with pytest.raises(TimeLimitError, match=words) as error, time_limit(0.1):
        work(30)
    assert time.monotonic() - start < 5
    assert handler() is before
    told = "".join(traceback.format_exception(error.value))
    assert "work(30)" in told, "the traceback says where it was"


def test_what_is_quick_is_not_concerned() -> None:
    before = handler()
    with time_limit(30):
        value = 1
    with time_limit(None):
        value += 1
    assert value == 2
    assert handler() is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_other_errors_pass() -> None:
    before = handler()
    with pytest.raises(ZeroDivisionError), time_limit(30):
        1 / 0  # noqa: B018 - raises
    assert handler() is before


def test_a_plugin_that_catches_everything_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelimit, "_AGAIN", 0.05)
    caught: list[str] = []

    def careless() -> None:
        while len(caught) < 3:
            try:
                spin()
            except Exception:  # noqa: BLE001 - what a careless plugin does
                caught.append("Exception")
            except BaseException:  # noqa: BLE001 - what a more careless one does
                caught.append("BaseException")

    with pytest.raises(TimeLimitError), time_limit(0.05):
        careless()
    assert caught == ["BaseException"] * 3


def test_in_a_thread_it_is_told_at_the_end() -> None:
    raised = []

    def work() -> None:
        try:
            with time_limit(0.01):
                time.sleep(0.1)
        except TimeLimitError as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(raised) == 1
