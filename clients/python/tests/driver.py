#!/usr/bin/env python3
"""Does what the shared test vectors ask, with this client.

clients/testing/README.md describes the lines that it reads and writes.
"""

import enum
import json
import sys

import signalbox


class BlockError(Exception):
    """What a block raises if the vector says so."""


class Driver:
    def __init__(self):
        self._client = None

    def answer(self, line):
        try:
            return {"ok": getattr(self, "do_" + line.pop("do"))(**line)}
        except BlockError as error:
            return {"raised": str(error)}
        except signalbox.SignalboxError as error:
            return error_of(error)

    def do_connect(self, options):
        self.close()
        self._client = signalbox.connect(**options)
        return {}

    def close(self):
        if self._client is not None:
            self._client.close()
            self._client = None

    def do_pending(self, request):
        return {"receipts": receipts_of(self._client.pending(**request))}

    def do_result(self, request):
        return {"receipts": receipts_of([self._client.result(**request)])}

    def do_run(self, request, then):
        with self._client.run(**request) as run:
            for action in then if isinstance(then, list) else [then]:
                (what, text), = action.items()
                if what == "raise":
                    raise BlockError(text)
                if what != "return":
                    getattr(run, what)(text)
        return {"receipt": receipts_of([run.receipt])[0]}

    def do_stream(self, reports, **options):
        with self._client.reports(**options) as stream:
            futures = [getattr(stream, kind)(**request)
                       for report in reports for kind, request in report.items()]
        return {"answers": [answer_of(future) for future in futures]}

    def do_watch(self, request, changes):
        with self._client.watch(**request) as watch:
            return {"changes": [
                {"repository": change.repository, "sha": change.sha,
                 "context": change.status.context, "state": change.status.state.name}
                for _, change in zip(range(changes), watch)]}

    def do_commit_status(self, request):
        commit = self._client.commit_status(**request)
        return {"state": commit.state.name, "statuses": [
            {"context": status.context, "state": status.state.name,
             "description": status.description, "target_url": status.target_url}
            for status in commit.statuses]}

    def do_server_info(self):
        info = self._client.server_info()
        return {"version": info.version, "features": list(info.features),
                "caller": info.caller, "rights": list(info.rights)}

    def do_issue_token(self, request):
        return {name: plain(value)
                for name, value in vars(self._client.issue_token(**request)).items()}

    def do_is_serving(self):
        return {"serving": self._client.is_serving()}


def error_of(error):
    return {"error": {"code": error.code, "reason": error.reason,
                      "may_have_been_accepted": error.may_have_been_accepted,
                      "request_id": error.request_id}}


def answer_of(future):
    try:
        value = future.result()
    except signalbox.SignalboxError as error:
        return error_of(error)
    return {"receipts": receipts_of(value if isinstance(value, list) else [value])}


def receipts_of(receipts):
    return [{name: plain(value) for name, value in vars(receipt).items()}
            for receipt in receipts]


def plain(value):
    if isinstance(value, enum.Enum):
        return value.name
    return value.timestamp() if hasattr(value, "timestamp") else value


def main():
    driver = Driver()
    for line in sys.stdin:
        print(json.dumps(driver.answer(json.loads(line))), flush=True)
    driver.close()


if __name__ == "__main__":
    main()
