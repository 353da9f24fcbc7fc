"""The discrete-event simulation: one queue in front of several servers, by SimPy."""

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Steps = Generator[simpy.Event, Any, None]


class Node:
    """Servers with a queue of limited length, and what became of each job.

    Args:
        arrivals, work: [n], when each job arrives, ascending, and how long it takes.
        servers: number of servers.
        queue_limit: number of jobs that may wait; any more are dropped.
    """

    def __init__(self, arrivals: Reals, work: Reals, servers: int, queue_limit: int) -> None:
        self.env = simpy.Environment()
        self.servers = simpy.PriorityResource(self.env, servers)
        self.queue_limit = queue_limit
        self.waiting = 0
        self.started = [np.inf] * len(arrivals)
        self.done = [np.inf] * len(arrivals)
        self.dropped = [False] * len(arrivals)
        self.env.process(self._source(arrivals.tolist(), work.tolist()))

    def fail(self, servers: int, at: float, length: float) -> None:
        """Plan an outage: so many servers finish their job and take no other until it is over."""
        for _ in range(servers):
            self.env.process(self._outage(at, at + length))

    def run(self, until: float) -> tuple[Reals, Reals, NDArray[np.bool_]]:
        """Let time pass.

        Returns:
            [n] each: start and end of service, infinite if there was none, and whether the job was
            dropped.
        """
        self.env.run(until=until)
        return np.array(self.started), np.array(self.done), np.array(self.dropped, dtype=np.bool_)

    def _source(self, arrivals: list[float], work: list[float]) -> Steps:
        for job, (at, length) in enumerate(zip(arrivals, work, strict=True)):
            yield self.env.timeout(max(at - self.env.now, 0.0))  # rounding may put it before now
            if self.waiting >= self.queue_limit:
                self.dropped[job] = True
            else:
                self.env.process(self._job(job, length))

    def _job(self, job: int, length: float) -> Steps:
        self.waiting += 1
        with self.servers.request(priority=1) as server:
            yield server
            self.waiting -= 1
            self.started[job] = self.env.now
            yield self.env.timeout(length)
        self.done[job] = self.env.now

    def _outage(self, begin: float, end: float) -> Steps:
        yield self.env.timeout(begin)
        with self.servers.request(priority=0) as server:
            yield server
            if self.env.now < end:
                yield self.env.timeout(end - self.env.now)
