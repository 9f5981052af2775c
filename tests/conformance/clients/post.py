#!/usr/bin/python3
"""Posts a body with requests, as `post.py URL BODY_FILE HEADERS_FILE WAY`.

Prints the status and the text of every answer as a JSON array.
"""

import json
import sys

import requests


def pieces(body):
    for at in range(0, len(body), 1000):
        yield body[at:at + 1000]


def main(url, body_file, headers_file, way):
    with open(body_file, "rb") as file:
        body = file.read()
    with open(headers_file, encoding="ascii") as file:
        headers = json.load(file)
    answers = []
    with requests.Session() as session:
        if way == "bytes":
            answers.append(session.post(url, data=body, headers=headers, timeout=30))
        elif way == "file":
            with open(body_file, "rb") as file:
                answers.append(session.post(url, data=file, headers=headers, timeout=30))
        elif way == "chunked":
            answers.append(session.post(url, data=pieces(body), headers=headers, timeout=30))
        elif way == "session":
            for _ in range(3):
                answers.append(session.post(url, data=body, headers=headers, timeout=30))
        else:
            sys.exit(f"no such way: {way}")
    print(json.dumps([[answer.status_code, answer.text] for answer in answers]))


main(*sys.argv[1:])
