"""Worker processes: each misfortune costs the task it befell and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import CancelledError

import psutil
import pytest

from rankscope.core.documents.workers import WorkerCrashed, WorkerPool, WorkerTimeout
from rankscope.core.errors import RankscopeError


@pytest.fixture
def pool():
    pool = WorkerPool()
    yield pool
    pool.close()


def gone(pid, within=10.0):
    """Whether the process ends within so many seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_results_and_exceptions_come_back(pool):
    assert pool.submit(divmod, 7, 2, timeout=10).result() == (3, 1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 7, 0, timeout=10).result()
    with pytest.raises(RuntimeError, match="cannot be sent"):
        pool.submit(memoryview, b"x", timeout=10).result()
    assert pool.submit(os.getpid, timeout=10).result() == pool.process_ids()[0]


def test_a_crash_costs_one_task(pool):
    before = [pool.submit(abs, -number, timeout=10) for number in range(5)]
    crash = pool.submit(os._exit, 3, timeout=10)
    after = [pool.submit(abs, -number, timeout=10) for number in range(5)]
    assert [future.result() for future in (*before, *after)] == [*range(5), *range(5)]
    with pytest.raises(WorkerCrashed) as caught:
        crash.result()
    assert caught.value.exit_code == 3


def test_a_hang_costs_one_task_and_its_time(pool):
    pool.submit(abs, 1, timeout=10).result()
    started = time.monotonic()
    hang = pool.submit(time.sleep, 60, timeout=0.5)
    after = pool.submit(abs, -1, timeout=10)
    with pytest.raises(WorkerTimeout):
        hang.result()
    assert time.monotonic() - started < 5
    assert after.result() == 1


def test_an_idle_worker_that_is_killed_costs_nothing(pool):
    first = pool.submit(os.getpid, timeout=10).result()
    for _ in range(4):
        os.kill(pool.process_ids()[0], signal.SIGKILL)
        second = pool.submit(os.getpid, timeout=10).result()
        assert second != first
        first = second


def test_tasks_wait_longer_than_their_time_limit_for_their_turn(pool):
    pool.submit(abs, 1, timeout=10).result()
    futures = [pool.submit(time.sleep, 0.3, timeout=1) for _ in range(6)]
    assert [future.result() for future in futures] == [None] * 6


def test_processes_are_replaced_after_their_share(tmp_path):
    pool = WorkerPool(recycle_after=5)
    try:
        pids = [pool.submit(os.getpid, timeout=10) for _ in range(12)]
        assert [len({f.result() for f in pids[i : i + 5]}) for i in (0, 5, 10)] == [1, 1, 1]
        assert len({future.result() for future in pids}) == 3
    finally:
        pool.close()


def test_several_workers_share_the_work():
    pool = WorkerPool(workers=2)
    try:
        for future in [pool.submit(abs, 1, timeout=10) for _ in range(2)]:
            future.result()
        deadline = time.monotonic() + 10
        while len(pool.process_ids()) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(pool.process_ids()) == 2
    finally:
        pool.close()


def test_closing_is_prompt_and_cancels(pool):
    futures = [pool.submit(time.sleep, 60, timeout=100) for _ in range(10)]
    pool.submit(abs, 1, timeout=1)
    while not pool.process_ids():
        time.sleep(0.01)
    (pid,) = pool.process_ids()
    started = time.monotonic()
    pool.close()
    assert time.monotonic() - started < 2
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(timeout=1)
    assert gone(pid)
    assert pool.submit(abs, 1, timeout=1).cancelled()
    pool.close()


def test_a_pool_that_never_worked_closes():
    WorkerPool().close()


def test_what_the_initializer_raises_the_tasks_raise():
    pool = WorkerPool(initializer=divmod, initargs=(1, 0))
    try:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                pool.submit(abs, 1, timeout=10).result()
    finally:
        pool.close()


def test_a_process_that_always_dies_at_its_start_is_given_up():
    pool = WorkerPool(initializer=os._exit, initargs=(4,))
    try:
        with pytest.raises(RankscopeError, match="ends at once"):
            pool.submit(abs, 1, timeout=10).result(timeout=60)
    finally:
        pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not limit a process's memory")
def test_memory_is_limited():
    pool = WorkerPool(memory_limit=400 * 2**20)
    try:
        assert pool.submit(bytearray, 10, timeout=10).result() == bytearray(10)
        with pytest.raises(MemoryError):
            pool.submit(bytearray, 2**30, timeout=10).result()
        assert pool.submit(abs, -1, timeout=10).result() == 1
    finally:
        pool.close()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_does_not_reach_the_worker(pool):
    pid = pool.submit(os.getpid, timeout=10).result()
    os.kill(pid, signal.SIGINT)
    assert pool.submit(os.getpid, timeout=10).result() == pid


def script(tmp_path, body):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(body))
    return subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_main_module_is_not_loaded_again_and_output_stays_clean(tmp_path):
    """A script without the usual guard would start itself over and over; a library's print would spoil the output."""
    process = script(
        tmp_path,
        """
        from rankscope.core.documents.workers import WorkerPool
        print("main")
        pool = WorkerPool()
        assert pool.submit(print, "from the worker", timeout=10).result() is None
        pool.close()
        """,
    )
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "main\n", "")


def test_a_program_that_forgets_to_close_still_ends(tmp_path):
    process = script(
        tmp_path,
        """
        import time
        from rankscope.core.documents.workers import WorkerPool
        pool = WorkerPool()
        pool.submit(abs, 1, timeout=10).result()
        pool.submit(time.sleep, 100, timeout=100)
        print(pool.process_ids()[0])
        """,
    )
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert gone(int(output))


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
@pytest.mark.parametrize("busy", [True, False])
def test_workers_do_not_outlive_a_killed_parent(tmp_path, busy):
    process = script(
        tmp_path,
        f"""
        import time
        from rankscope.core.documents.workers import WorkerPool
        pool = WorkerPool()
        pool.submit(abs, 1, timeout=10).result()
        if {busy}:
            pool.submit(time.sleep, 1000, timeout=2000)
        print(pool.process_ids()[0], flush=True)
        time.sleep(1000)
        """,
    )
    pid = int(process.stdout.readline())
    process.kill()
    process.communicate()
    assert gone(pid)
