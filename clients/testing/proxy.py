"""A proxy between a client and the server that records calls and breaks them.

It passes gRPC through as bytes, so it adds nothing to and takes nothing from
what the two say. Its faults are those of a network: an answer that is lost, a
stream that is cut, a server that is busy.
"""

import concurrent.futures
import queue
import threading
import time

import grpc

import messages

_CODES = {code.name: code for code in grpc.StatusCode}
_PASSED_ON = ("signalbox-reason", "signalbox-not-granted", "grpc-retry-pushback-ms",
              "grpc-status-details-bin")
_END = object()


class Call:
    """One call of the client, as the proxy saw it."""

    def __init__(self, method, context):
        metadata = dict(context.invocation_metadata())
        self.path = method
        self.method = method.rpartition("/")[2]
        self.authorization = metadata.get("authorization")
        self.request_id = metadata.get("signalbox-request-id")
        self.deadline = _deadline(context)
        self.begin = time.monotonic()
        self.end = None
        self.requests = []  # Plain values.
        self.answered = []  # The tags of a stream's answers, in order.
        self.passed = 0  # Answers that the client got.
        self.most_in_flight = 0
        self._class = messages.request_class(method)

    def record(self, raw):
        self.requests.append(
            messages.to_plain(self._class.FromString(raw)) if self._class else raw.hex())
        self.most_in_flight = max(
            self.most_in_flight, len(self.requests) - len(self.answered))

    def record_answer(self, raw):
        if self.method == "StreamReports":
            self.answered.append(messages.response_class(self.path).FromString(raw).tag)


class Proxy:
    """Listens on a free port of this machine until `stop`.

    `faults`: what to do to each call, in the order of their arrival; calls
    beyond the list pass. A fault is a dict:
      {"before": CODE}             answer so, and do not ask the server
      {"after": CODE}              ask the server, and answer so
      {"cut_stream_after": N}      pass N answers, then end with "code", which is
                                   UNAVAILABLE if not given
      {"answers": {"N": {...}}}    answer the report with the index N of a stream
                                   so ("code", "reason", "message",
                                   "retry_after"), without the server
      {"hang": true}               never answer
      {"page_size": N}             ask the server for pages of this size
      {}                           pass
    "pushback_ms" and "reason" are sent with the code of a fault.
    """

    def __init__(self, upstream, faults, credentials=None):
        self.calls = []
        self._lock = threading.Lock()
        self._faults = faults
        self._channel = grpc.insecure_channel(
            upstream, options=[("grpc.enable_http_proxy", 0), ("grpc.enable_retries", 0),
                               ("grpc.use_local_subchannel_pool", 1),
                               ("grpc.default_authority", "localhost")])
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(32),
                                   options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers((_Handler(self._serve),))
        if credentials is None:
            self.port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            self.port = self._server.add_secure_port("127.0.0.1:0", credentials)
        self._server.start()

    def stop(self):
        self._server.stop(0).wait()
        self._channel.close()

    def _serve(self, method, requests, context):
        with self._lock:
            index = len(self.calls)
            call = Call(method, context)
            self.calls.append(call)
        fault = self._faults[index] if index < len(self._faults) else {}
        try:
            yield from self._run(call, fault, requests, context)
        finally:
            call.end = time.monotonic()

    def _run(self, call, fault, requests, context):
        if "before" in fault or "hang" in fault:
            call.record(next(requests))
            if "hang" in fault:
                ended = threading.Event()
                if context.add_callback(ended.set):
                    ended.wait(60)
            _finish(context, fault.get("before", "UNAVAILABLE"), fault)
        answers = queue.SimpleQueue()
        upstream = self._channel.stream_stream(call.path)(
            _recorded(call, fault, requests, answers), timeout=_deadline(context),
            metadata=[(key, value) for key, value in (
                ("authorization", call.authorization),
                ("signalbox-request-id", call.request_id)) if value])
        # A generator that waits for the queue does not see that the call ended.
        context.add_callback(lambda: (upstream.cancel(), answers.put(_END)))
        threading.Thread(target=_pump, args=(upstream, answers), daemon=True).start()
        cut = fault.get("cut_stream_after")
        while (raw := answers.get()) is not _END:
            if "after" in fault:
                continue
            if call.passed != cut:
                call.record_answer(raw)
                yield raw
                call.passed += 1
            if call.passed == cut:
                upstream.cancel()
                _finish(context, fault.get("code", "UNAVAILABLE"), fault)
                return
        if "after" in fault:
            _finish(context, fault["after"], fault)
        _pass_end(upstream, context)


def _deadline(context):
    """Seconds; None: the client set none, for which gRPC has a huge number."""
    left = context.time_remaining()
    return None if left is None or left > 1e6 else left


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, serve):
        self._serve = serve

    def service(self, details):
        return grpc.stream_stream_rpc_method_handler(
            lambda requests, context: self._serve(details.method, requests, context))


def _recorded(call, fault, requests, answers):
    """Passes the requests on, except those that the fault answers."""
    injected = fault.get("answers", {})
    for index, raw in enumerate(requests):
        call.record(raw)
        answer = injected.get(str(index))
        if answer is None:
            if "page_size" in fault:
                request = messages.request_class(call.path).FromString(raw)
                request.page_size = fault["page_size"]
                raw = request.SerializeToString()
            yield raw
            continue
        answer = dict(answer, tag=call.requests[index].get("tag", 0))
        answer["code"] = _CODES[answer["code"]].value[0]
        answers.put(messages.from_plain(
            messages.response_class(call.path)(), answer).SerializeToString())


def _pump(upstream, answers):
    try:
        for raw in upstream:
            answers.put(raw)
    except grpc.RpcError:
        pass  # _pass_end tells the client.
    answers.put(_END)


def _finish(context, code, fault):
    trailers = []
    if "pushback_ms" in fault:
        trailers.append(("grpc-retry-pushback-ms", fault["pushback_ms"]))
    if "reason" in fault:
        trailers.append(("signalbox-reason", fault["reason"]))
    context.set_trailing_metadata(trailers)
    if code != "OK":
        context.abort(_CODES[code], f"the proxy answers {code}")


def _pass_end(upstream, context):
    code = upstream.code()
    context.set_trailing_metadata(
        [(key, value) for key, value in upstream.trailing_metadata() or ()
         if key in _PASSED_ON])
    if code is not grpc.StatusCode.OK:
        context.abort(code, upstream.details())
