"""What stands for `gh` and `curl` on the PATH of the tests: the comments of one pull request, in the JSON file
$COMMENTS, read and written as GitHub's and GitLab's APIs are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def comments() -> list[dict[str, object]]:
    file = Path(os.environ["COMMENTS"])
    found: list[dict[str, object]] = json.loads(file.read_text()) if file.exists() else []
    return found


def write(method: str, place: str, body: str, **more: object) -> None:
    """POST adds a comment to a list, PUT and PATCH change the one that the address names."""
    known = comments()
    number = place.rpartition("/")[2]
    if method == "POST":
        known.append({"id": len(known) + 1, "body": body, **more})
    else:
        [one] = [one for one in known if str(one["id"]) == number]
        one["body"] = body
    Path(os.environ["COMMENTS"]).write_text(json.dumps(known))


def gh(arguments: list[str]) -> int:
    assert arguments[0] == "api", arguments
    assert os.environ["GH_TOKEN"]
    options: dict[str, str] = {}
    places = []
    rest = iter(arguments[1:])
    for argument in rest:
        if argument in ("--jq", "--method", "--field"):
            options[argument] = next(rest)
        elif argument not in ("--paginate", "--silent"):
            places.append(argument)
    [place] = places
    assert place.startswith("repos/acme/shop/issues/"), place
    if "--method" in options:
        name, _, file = options["--field"].partition("=@")
        assert name == "body"
        write(options["--method"], place, Path(file).read_text(), user={"login": "github-actions[bot]"})
        return 0
    assert place.endswith("/7/comments")
    return subprocess.run(
        ["jq", "--raw-output", options["--jq"]], input=json.dumps(comments()), text=True, check=False
    ).returncode


def curl(arguments: list[str]) -> int:
    options: dict[str, str] = {}
    places = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--header":
            name, _, value = next(rest).partition(": ")
            options[name] = value
        elif argument in ("--output", "--request", "--data"):
            options[argument] = next(rest)
        elif argument not in ("--fail", "--silent", "--show-error"):
            places.append(argument)
    [place] = places
    if place.startswith("http://169.254.170.2/"):
        key = {name: os.environ[f"STAND_IN_{name.upper()}"] for name in ("AccessKeyId", "SecretAccessKey", "Token")}
        sys.stdout.write(json.dumps({**key, "Expiration": "2099-01-01T00:00:00Z", "RoleArn": "arn"}))
        return 0
    assert options["PRIVATE-TOKEN"] == "note-token"
    if "--request" in options:
        body = json.loads(Path(options["--data"].removeprefix("@")).read_text())["body"]
        write(options["--request"], place, body)
    else:
        Path(options["--output"]).write_text(json.dumps(comments()))
    return 0


if __name__ == "__main__":
    sys.exit({"gh": gh, "curl": curl}[sys.argv[1]](sys.argv[2:]))
