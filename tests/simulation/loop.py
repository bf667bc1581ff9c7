"""An event loop whose time is a number: it jumps to the next timer, and nothing outside is ever waited for.

Everything that runs on it belongs to a life (a node, a client), known by a context variable that tasks and timers inherit.
`kill` ends a life between two callbacks, as SIGKILL does: not a line of its code runs any more, not even a `finally`.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any


class Life:
    """What dies together: tasks, timers, connections and memory of one process."""

    __slots__ = ("name", "over", "tasks")

    def __init__(self, name: str) -> None:
        self.name = name
        self.over = False
        self.tasks: list[asyncio.Task[Any]] = []


LIFE: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)


class WorldOver(BaseException):
    """What a dead process hears that tries to go on while its memory is taken down: no `except Exception` sees it."""


class StandStill(AssertionError):
    """Nothing is due and nothing is waited for with a time limit: somebody waits for ever."""


class _Clockwork:
    """Stands where a loop asks the operating system what happened: only time does."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        loop = self._loop
        if timeout is None:
            raise StandStill("nothing is due any more, and somebody still waits")
        if timeout > 0:
            loop.now = max(loop.now, loop._scheduled[0]._when)  # type: ignore[attr-defined]
        return []

    def close(self) -> None:
        pass


class SimulatedLoop(asyncio.BaseEventLoop):
    """Seconds since the beginning of the world; `executor_seconds` says how long a thread takes for a piece of work."""

    def __init__(self, executor_seconds: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__()
        self.now = 0.0
        self.callbacks = 0
        self.network: Any = None
        """Where connections are made and accepted."""
        self._selector = _Clockwork(self)
        self._executor_seconds = executor_seconds
        self._ended = False

    def time(self) -> float:
        return self.now

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.Handle:
        if self._ended:
            return _dead(asyncio.Handle(callback, args, self, context))
        self.callbacks += 1
        return _unless_over(super().call_soon(callback, *args, context=context))

    def call_at(
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        if self._ended:
            return _dead(asyncio.TimerHandle(when, callback, args, self, context))
        return _unless_over(super().call_at(when, callback, *args, context=context))

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> asyncio.Task[Any]:
        life = LIFE.get() if context is None else context.get(LIFE)
        if self._ended:
            coro.close()
            raise WorldOver
        task: asyncio.Task[Any] = asyncio.Task(
            coro, loop=self, name=name, **({} if context is None else {"context": context})
        )
        if life is not None:
            life.tasks.append(task)
        return task

    async def create_connection(self, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        return await self.network.connect(factory, host, port)

    async def create_server(self, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        return self.network.listen(factory, host, port)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        """The work is done at one instant of its own, a little later."""
        future: asyncio.Future[Any] = self.create_future()

        def work() -> None:
            if future.cancelled():
                return
            try:
                result = func(*args)
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self.call_later(self._executor_seconds(), work)
        return future

    def kill(self, life: Life) -> None:
        """End a life: none of its callbacks runs again."""
        life.over = True
        for handle in (*self._ready, *self._scheduled):  # type: ignore[attr-defined]
            if handle._context.get(LIFE) is life:
                handle.cancel()

    def bury(self, lives: list[Life]) -> None:
        """After the end: let what still hangs in the air go without a word, and without running any of it as alive."""
        self._ended = True
        asyncio.set_event_loop(self)
        try:
            for life in lives:
                for task in life.tasks:
                    if not task.done():
                        task._log_destroy_pending = False  # type: ignore[attr-defined]
                        try:
                            task.get_coro().close()  # type: ignore[union-attr]
                        except BaseException:
                            pass
        finally:
            asyncio.set_event_loop(None)
        self.set_exception_handler(lambda loop, context: None)
        self.close()


def _dead(handle: Any) -> Any:
    handle._cancelled = True
    return handle


def _unless_over(handle: Any) -> Any:
    life = handle._context.get(LIFE)
    if life is not None and life.over:
        handle.cancel()
    return handle


__all__ = ["LIFE", "Life", "SimulatedLoop", "StandStill"]
