"""The worker: takes one job after the other and runs each in a container that is thrown away."""

import json
import logging
import os
import signal
from pathlib import Path
from typing import Any

import docker
from docker.client import DockerClient
from docker.errors import APIError, ImageNotFound
from pymongo import MongoClient
from redis import Redis
from requests.exceptions import ConnectionError, ReadTimeout

QUEUE = "jobs"
IMAGE = os.environ["SANDBOX_IMAGE"]
RUNNER = Path(__file__).with_name("sandbox.js").read_text(encoding="utf-8")
SECONDS = 10
OUTPUT_BYTES = 64 * 1024

log = logging.getLogger("worker")


class Stop:
    """Set by SIGTERM: the job in hand is finished, the next is left to another worker."""

    requested = False

    def __call__(self, *_: object) -> None:
        self.requested = True


def run(client: DockerClient, code: str, event: Any) -> tuple[bool, str]:
    """Whether the function succeeded, and what it returned or said."""
    container = client.containers.create(
        IMAGE,
        ["node", "-e", RUNNER],
        environment={"CODE": code, "EVENT": json.dumps(event)},
        network_mode="none",
        mem_limit="512m",
        memswap_limit="512m",
        nano_cpus=1_000_000_000,
        pids_limit=64,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        user="node",
    )
    try:
        container.start()
        succeeded = container.wait(timeout=SECONDS)["StatusCode"] == 0
        output = container.logs(stdout=succeeded, stderr=not succeeded)
        return succeeded, output[:OUTPUT_BYTES].decode(errors="replace")
    except (ReadTimeout, ConnectionError):  # the SDK raises either when the time is over
        return False, f"stopped after {SECONDS} s"
    except APIError as error:  # such as an event too long for a variable
        return False, str(error.explanation)
    finally:
        container.remove(force=True)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    client = docker.from_env()
    queue = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    mongo: MongoClient[dict[str, Any]] = MongoClient(os.environ["MONGODB_URL"])
    jobs = mongo.get_default_database()["jobs"]

    stop = Stop()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

    try:
        client.images.get(IMAGE)
    except ImageNotFound:
        client.images.pull(IMAGE)

    log.info("waiting for jobs")
    while not stop.requested:
        popped = queue.blpop([QUEUE], timeout=1)
        if popped is None:
            continue
        job = jobs.find_one_and_update({"_id": popped[1]}, {"$set": {"status": "running"}})
        if job is None:
            log.warning("job %s is in the queue and not in the database", popped[1])
            continue
        succeeded, output = run(client, job["code"], job["event"])
        status = "succeeded" if succeeded else "failed"
        jobs.update_one({"_id": job["_id"]}, {"$set": {"status": status, "output": output}})
        log.info("job %s %s", job["_id"], status)


if __name__ == "__main__":
    main()
