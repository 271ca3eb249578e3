"""The API: takes functions in, puts them in line, tells what became of them."""

import os
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from fastapi import FastAPI, HTTPException, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, generate_latest
from pydantic import BaseModel, Field
from pymongo import DESCENDING, MongoClient
from redis import Redis

QUEUE = "jobs"

queue = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
mongo: MongoClient[dict[str, Any]] = MongoClient(os.environ["MONGODB_URL"], tz_aware=True)
jobs = mongo.get_default_database()["jobs"]

SUBMITTED = Counter("jobs_submitted", "Jobs taken in since the API started")
Gauge("jobs_waiting", "Jobs in line").set_function(lambda: queue.llen(QUEUE))

app = FastAPI(title="Lambda Lite")


class Submission(BaseModel):
    """A JavaScript source that defines `handler(event)`, and the event to call it with."""

    code: str = Field(min_length=1, max_length=65_536)
    event: Any = None


class Job(BaseModel):
    id: str = Field(validation_alias="_id")
    code: str
    event: Any
    status: Literal["queued", "running", "succeeded", "failed"]
    output: str | None = None
    submitted_at: datetime


@app.post("/api/jobs", status_code=202)
def submit(submission: Submission) -> Job:
    job = {
        "_id": uuid4().hex,
        "code": submission.code,
        "event": submission.event,
        "status": "queued",
        "submitted_at": datetime.now(UTC),
    }
    jobs.insert_one(job)
    queue.rpush(QUEUE, job["_id"])
    SUBMITTED.inc()
    return Job.model_validate(job)


@app.get("/api/jobs")
def latest() -> list[Job]:
    return [Job.model_validate(job) for job in jobs.find().sort("submitted_at", DESCENDING).limit(20)]


@app.get("/api/jobs/{job_id}")
def one(job_id: str) -> Job:
    job = jobs.find_one({"_id": job_id})
    if job is None:
        raise HTTPException(404, "no such job")
    return Job.model_validate(job)


@app.get("/health")
def health() -> dict[str, str]:
    mongo.admin.command("ping")
    queue.ping()
    return {"status": "ok"}


@app.get("/metrics")
def metrics() -> Response:
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
