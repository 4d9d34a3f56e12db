"""One profile's connection to its broker, which lasts while nothing is sent: a thread of its own keeps it.

The thread dials, listens, pings, and dials again when the connection breaks; whoever sends writes himself, and reads
while he waits (`mqtt_link`). It sleeps until something comes that nobody waits for, or its next ping is due.
Held by `tests/sinks/test_mqtt.py`, `test_mqtt_session.py` and `test_mqtt_hostile.py`.

1. There is one connection, however many threads send.
2. At a break everything that is unacknowledged is told at once, and nothing of it is counted as delivered.
3. With a `spread_s` this thread alone connects, once in each stretch of time (`retry.Redial`), unless a person asks.
4. Where another client takes our place, nobody dials before the next message asks for it: two that throw each other out
   would do so for ever.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Final

from cammra_edge.errors import ConfigError
from cammra_edge.retry import NS_PER_S, Redial, draw_evenly
from cammra_edge.sinks.base import Misconfigured, TryLater
from cammra_edge.sinks.deadline import Deadline
from cammra_edge.sinks.http_dial import Dialler
from cammra_edge.sinks.line import Line
from cammra_edge.sinks.mqtt_exchange import Ended, MqttExchange
from cammra_edge.sinks.mqtt_link import Failure, Link, failure_of
from cammra_edge.sinks.mqtt_reasons import TAKEN_OVER
from cammra_edge.sinks.mqtt_whys import why_ended
from cammra_edge.sinks.whys import QueueWhy, Why

if TYPE_CHECKING:
    from collections.abc import Callable

    from cammra_edge.clock import Clock
    from cammra_edge.phrases import Said
    from cammra_edge.profile import Mqtt
    from cammra_edge.sinks.mqtt_limits import Limits
    from cammra_edge.sinks.mqtt_opening import Opening

_log = logging.getLogger(__name__)
_GOODBYE_S: Final = 0.5
_PERSON_S: Final = 900.0
"""How long a quiet camera waits before it asks again for what a person must mend."""


class MqttSession:
    """See the module.

    Args:
        way: How and where.
        opening: How the connection is to be opened.
        clock: Where the time comes from.
        deny_local: Connect to nothing of this machine or its link.
        spread_s: The first connection, and each after a break, lies at random within it.
        draw: Evenly distributed numbers in `[0, 1)`.
    """

    def __init__(  # noqa: PLR0913 - what it joins, by name
        self,
        way: Mqtt,
        opening: Opening,
        *,
        clock: Clock,
        deny_local: bool = False,
        spread_s: float = 0.0,
        draw: Callable[[], float] = draw_evenly,
    ) -> None:
        self.endpoint = way.endpoint()
        self.limits = way.timeouts
        self.client_id = opening.client_id
        self.told_limits: Limits | None = None
        """What the broker said last with its CONNACK."""
        self.unheard_pictures = False
        """Nobody subscribed to those that were published last."""
        self._opening = opening
        self._clock = clock
        self._dialler = Dialler(way, self.endpoint, deny_local=deny_local)
        self._spread_s = spread_s
        self._redial = Redial(draw, spread_s)
        self.lock = threading.RLock()
        """Held around every call of an exchange."""
        self._changed = threading.Condition(self.lock)
        self._link: Link | None = None
        self._failure: Failure | None = None
        self._tries = 0
        self._due_mono_ns: int | None = self._redial.start(clock.mono_ns())
        self._wanted = False
        self._stopping = False
        self._line = Line()
        self._users = 0
        self._thread: threading.Thread | None = None

    # ---- for those who send --------------------------------------------------------------------------

    def begin(self) -> None:
        """Connect, and stay connected, from now on."""
        with self.lock:
            if self._thread is None and not self._stopping:
                thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
                # Where the system gives no thread now, the next message asks again.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def connect_now(self) -> None:
        """Connect at once where there is no connection, in our turn or not: a person asks for it."""
        with self.lock:
            if self._link is None:
                self._due_mono_ns = self._clock.mono_ns()
                self._changed.notify_all()

    def link(  # noqa: PLR0911 - one for each way to have none
        self, deadline: Deadline
    ) -> Link | Failure:
        """The connection, or why there is none."""
        if link := self._up():  # without the lock: it may break at any time
            return link
        with self.lock:
            self.begin()
            while self._is_ending() and not self._stopping:
                left_s = deadline.left_s()
                if left_s <= 0:
                    return TryLater(self._at(Why.NO_CONNECTION_IN_TIME()), broke=True)
                self._changed.wait(left_s)
            if link := self._up():
                return link
            if self._thread is None:
                return TryLater(Why.NO_THREAD_FOR_NAMES())
            if left := self._turn_left_s():
                turn = QueueWhy.TURN_COMES(spread_s=f"{self._spread_s:g}")
                return TryLater(turn, after_s=left, broke=True)
            if isinstance(self._failure, Misconfigured) and self._due_mono_ns is None:
                failure, self._failure = self._failure, None
                return failure
            before = self._tries
            self._wanted = True
            self._changed.notify_all()
            while not (link := self._up()) and self._tries == before and not self._stopping:
                left_s = deadline.left_s()
                if left_s <= 0:
                    return TryLater(self._at(Why.NO_CONNECTION_IN_TIME()), broke=True)
                self._changed.wait(left_s)
            return link or self._failure or TryLater(self._at(Why.BROKEN_OFF()), broke=True)

    @property
    def is_connected(self) -> bool:
        """Is the connection there?"""
        with self.lock:
            return self._up() is not None

    def use(self) -> None:
        """One sink more uses it."""
        with self.lock:
            self._users += 1

    def release(self) -> None:
        """One sink less; the last one ends it."""
        with self.lock:
            self._users -= 1
            if self._users > 0:
                return
        self.close()

    def close(self) -> None:
        """End it in order, and let the thread go."""
        with self.lock:
            self._stopping = True
            link = self._link
            self._changed.notify_all()
        if link is not None:
            link.goodbye()
        self._line.cut()
        if self._thread is not None:
            self._thread.join(_GOODBYE_S)

    def break_off(self) -> None:
        """End every try under way, and begin none; from any thread."""
        self._line.cut()
        with self.lock:
            self._stopping = True
            self._changed.notify_all()

    def outcome_of(self, link: Link, ended: Ended) -> Failure:
        """What it means for a message that the connection is over."""
        if ended.by == "network" and link.failure is not None:
            return link.failure
        why, misconfigured = why_ended(ended, self._opening.client_id)
        if misconfigured:
            return Misconfigured(self._at(why), words=ended.words, status=ended.reason)
        return TryLater(self._at(why), words=ended.words, broke=True)

    def _run(self) -> None:
        while True:
            with self.lock:
                while not (self._stopping or self._is_due()):
                    self._changed.wait(self._left_s())
                if self._stopping:
                    return
                self._wanted = False
            try:
                self._one_connection()
            except Exception as error:  # noqa: BLE001 - a fault of ours must not end the thread
                _log.exception("mqtt session failed")
                self._failed(TryLater(Why.SINK_FAILED(kind=type(error).__name__), broke=True))

    def _one_connection(self) -> None:
        try:
            link = self._connected()
        except (ConfigError, OSError) as error:
            self._failed(failure_of(error, self.endpoint))
            return
        with contextlib.closing(link):
            with self.lock:
                if self._stopping:
                    return
                self._link = link
            self._serve(link)
        with self.lock:
            self._link = None
            ended = link.exchange.ended or Ended("network")
            self._changed.notify_all()
            if not self._stopping:
                taken_over = ended == Ended("disconnect", TAKEN_OVER, ended.words)
                self._failed(
                    self.outcome_of(link, ended),
                    asks_nobody=taken_over,
                    told=taken_over and link.exchange.told_anybody,
                )

    def _connected(self) -> Link:
        sock = self._dialler.dialled(Deadline(self._clock, self.limits.total_s, self._line))
        try:
            return Link(
                sock,
                MqttExchange(self._opening, self._clock.mono_ns()),
                lock=self.lock,
                changed=self._changed,
                clock=self._clock,
                limits=self.limits,
                endpoint=self.endpoint,
            )
        except BaseException:
            sock.close()
            raise

    def _serve(self, link: Link) -> None:
        """Listen until it is over."""
        was_open = False
        while link.exchange.ended is None:
            if link.exchange.has_to_say:
                link.flush()
            now_ns = self._clock.mono_ns()
            with self.lock:  # a sender may be reading
                due_ns = link.exchange.due_mono_ns()
            if due_ns is not None and now_ns >= due_ns:
                link.exchange.prepare(now_ns)
                with self.lock:
                    link.exchange.tick(now_ns)
            else:
                link.listen(due_ns)
            if link.exchange.is_open and not was_open:
                was_open = True
                with self.lock:
                    self._came_up(link)
                    self._changed.notify_all()

    def _came_up(self, link: Link) -> None:
        self.told_limits = link.exchange.limits
        self._failure = None
        self._wanted &= not self._spread_s  # or it would dial out of its turn when this one breaks
        self._due_mono_ns = None
        self._redial.came_up(self._clock.mono_ns())

    def _failed(self, failure: Failure, *, asks_nobody: bool = False, told: bool = False) -> None:
        """No connection, or none any more: tell those who wait, and when to try again.

        Args:
            failure: Why.
            asks_nobody: Only a message brings the next try.
            told: Those whom it concerns know it already.
        """
        now_ns = self._clock.mono_ns()
        with self.lock:
            self._failure = None if told else failure
            self._wanted &= not self._spread_s  # who wants to send waits for the next turn, too
            self._tries += 1
            if asks_nobody:
                self._due_mono_ns = None
            elif isinstance(failure, Misconfigured):
                self._due_mono_ns = now_ns + round(_PERSON_S * NS_PER_S)
            else:
                self._due_mono_ns = self._redial.broke(now_ns)
            self._changed.notify_all()

    def _up(self) -> Link | None:
        link = self._link
        return link if link is not None and link.exchange.is_open else None

    def _is_ending(self) -> bool:
        """Is a connection over that the thread has not put away yet? Its failure is no answer to who comes later."""
        return self._link is not None and self._link.exchange.ended is not None

    def _is_due(self) -> bool:
        if self._wanted:
            return True
        return self._due_mono_ns is not None and self._clock.mono_ns() >= self._due_mono_ns

    def _left_s(self) -> float | None:
        if self._due_mono_ns is None:
            return None
        return max(0.0, (self._due_mono_ns - self._clock.mono_ns()) / NS_PER_S)

    def _turn_left_s(self) -> float:
        """In how many seconds the session connects by itself, where only it may decide that."""
        if not self._spread_s or self._link is not None or isinstance(self._failure, Misconfigured):
            return 0.0
        return self._left_s() or 0.0

    def _at(self, why: Said) -> Said:
        return Why.AT(where=self.endpoint.address, why=why)
