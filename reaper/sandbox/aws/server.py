"""The server: moto in this process, on loopback, for as long as it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from threading import Lock, RLock, Thread
from typing import TYPE_CHECKING, Any, Self

from reaper.clock import SYSTEM_CLOCK, Clock
from reaper.sandbox.aws.timetable import TIMETABLE
from reaper.sandbox.faults import FaultInjector
from reaper.sandbox.kernel.requests import RequestLog

if TYPE_CHECKING:
    from reaper.sandbox.aws.gateway import Gateway

_running = Lock()


class AwsSandbox:
    """An emulated AWS; a context manager that serves it on 127.0.0.1.

    moto keeps its world in this process's memory, so there is one sandbox at a time; a new one is
    empty. Any credentials will do.

    Attributes:
        endpoint: Its URL, while it runs.
        account: The ID of the account that its credentials are for.
        faults: What goes wrong: `Call.kind` is `service:Operation` (`ec2:TerminateInstances`),
            `Call.scope` is `account/region`, `Call.id` the text of the request.
        requests: What was asked, counted.
        latency_s: What each call takes at least, in seconds.
        lags: How long changes take; all at once, unless set.

    Args:
        port: Where to listen; 0: on any free port.
        clock: By which lags pass.

    Raises:
        RuntimeError: On entry, if another one runs in this process.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        latency_s: float = 0.0,
        faults: FaultInjector | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.endpoint = ""
        self.account = ""
        self.faults = faults or FaultInjector()
        self.requests = RequestLog()
        self.latency_s = latency_s
        self.lags = TIMETABLE.lags
        self._port = port
        self._clock = clock
        self._lock = RLock()
        self._exit = ExitStack()
        self._gateway: Gateway | None = None

    def __enter__(self) -> Self:
        if not _running.acquire(blocking=False):
            raise RuntimeError("an AWS sandbox runs in this process: it can hold only one")
        with ExitStack() as exits:
            exits.callback(_running.release)
            self._start(exits)
            self._exit = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def reset(self) -> None:
        """Empty the world, disarm the faults, and forget the lags and what was asked."""
        from moto.moto_api._internal.models import moto_api_backend  # noqa: PLC0415 - once started

        with self._lock:
            TIMETABLE.clear()
            moto_api_backend.reset()
        self.faults.clear()
        self.requests.reset()

    @contextmanager
    def enforcing(self) -> Iterator[None]:
        """Let callers do only what their users' and roles' policies allow, until it is left.

        Credentials must then be of a user or role of the sandbox. Conditions are evaluated in dry
        runs and simulations only, as moto knows none.
        """
        from moto.core.authorization import enable_iam_authentication  # noqa: PLC0415 - once started

        assert self._gateway is not None, "the sandbox does not run"
        with enable_iam_authentication():
            self._gateway.enforcing = True
            try:
                yield
            finally:
                self._gateway.enforcing = False

    def _start(self, exits: ExitStack) -> None:
        from moto.core.config import default_user_config  # noqa: PLC0415 - only now is it needed
        from moto.core.models import DEFAULT_ACCOUNT_ID  # noqa: PLC0415 - only now is it needed
        from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - only now is it needed
            DomainDispatcherApplication,
            create_backend_app,
        )

        class Dispatcher(DomainDispatcherApplication):
            """Tells once who answers for a host: moto lists its own directory at each call."""

            get_backend_for_host = cache(DomainDispatcherApplication.get_backend_for_host)

        from reaper.sandbox.aws.gateway import Gateway  # noqa: PLC0415 - as moto
        from reaper.sandbox.aws.patching import install  # noqa: PLC0415 - as moto
        from reaper.sandbox.aws.strict import RULES  # noqa: PLC0415 - as moto

        self.account = DEFAULT_ACCOUNT_ID
        TIMETABLE.clock = self._clock
        install(RULES, exits)
        for service in ("lambda", "batch"):  # never ask a Docker engine, not even when invoked
            exits.callback(default_user_config.__setitem__, service, default_user_config[service])
            default_user_config[service] = {"use_docker": False}
        self.reset()
        exits.callback(self.reset)
        self._gateway = gateway = Gateway(
            Dispatcher(create_backend_app),
            account=self.account,
            faults=self.faults,
            requests=self.requests,
            lock=self._lock,
            pause=self._clock.sleep,
            latency_s=lambda: self.latency_s,
        )
        self.endpoint = _serve(gateway, self._port, exits)


def _serve(app: Callable[..., Any], port: int, exits: ExitStack) -> str:
    """Serve until the stack is closed, and tell where."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: PLC0415 - as above
    from werkzeug.serving import make_server  # noqa: PLC0415 - as above

    class Silent(MotoRequestHandler):
        def log(self, *_: object, **__: object) -> None:
            """Say nothing: requests are counted."""

    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Silent)
    exits.callback(server.server_close)
    thread = Thread(target=server.serve_forever, args=(0.05,), name="aws-sandbox", daemon=True)
    thread.start()
    exits.callback(thread.join)
    exits.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}"
