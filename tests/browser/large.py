"""A compose file of 57 services, in the manner of a large self-hosted product: a proxy, a web application and its API,
consumers of a log, workers, stores of several kinds, jobs, three networks."""

from __future__ import annotations

_STORES = """
  postgres:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: s3cr3t-canary, POSTGRES_DB: product}
    volumes: [postgres-data:/var/lib/postgresql/data]
    networks: [back]
  redis:
    image: redis:7
    networks: [back]
  memcached:
    image: memcached:1.6
    networks: [back]
  broker:
    image: rabbitmq:3-management
    networks: [back]
  kafka:
    image: apache/kafka:3.9.0
    expose: ["9092"]
    volumes: [kafka-data:/var/lib/kafka]
    networks: [back]
  clickhouse:
    image: clickhouse/clickhouse-server:24
    expose: ["8123", "9000"]
    volumes: [clickhouse-data:/var/lib/clickhouse]
    networks: [back, events]
"""

_FRONT = """
  proxy:
    image: ghcr.io/example/proxy
    ports: ["80:8080"]
    environment: {WEB: "http://web:9000", RELAY: "http://relay:3000"}
    networks: [front]
  web:
    image: ghcr.io/example/product
    expose: ["9000"]
    environment: &product
      DATABASE_URL: postgresql://postgres:s3cr3t-canary@postgres:5432/product
      REDIS_URL: redis://redis:6379/0
      CACHE: memcached:11211
      AMQP_URL: amqp://guest:guest@broker:5672/
      EVENTS: http://events-api:1218
    deploy: {replicas: 3}
    volumes: [uploads:/uploads]
    networks: [front, back]
  relay:
    image: ghcr.io/example/relay
    expose: ["3000"]
    environment: {KAFKA: "kafka:9092", UPSTREAM: "http://web:9000"}
    networks: [front, back]
  symbols:
    image: ghcr.io/example/symbols
    expose: ["3021"]
    volumes: [symbols:/data]
    networks: [back]
  profiles:
    image: ghcr.io/example/profiles
    expose: ["8085"]
    environment: {KAFKA: "kafka:9092", EVENTS: "http://events-api:1218"}
    networks: [back]
  events-api:
    image: ghcr.io/example/events
    expose: ["1218"]
    environment: &events {KAFKA: "kafka:9092", CLICKHOUSE: "clickhouse:9000", REDIS_HOST: redis}
    networks: [back, events]
  migrate:
    image: ghcr.io/example/product
    command: upgrade
    restart: "no"
    environment: *product
    depends_on: [postgres, redis]
    networks: [back]
  cleanup:
    image: ghcr.io/example/product
    command: cleanup --days 90
    environment: *product
    x-aws: {schedule: "cron(0 3 * * ? *)"}
    networks: [back]
  model:
    image: ghcr.io/example/model
    expose: ["8000"]
    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}
    networks: [back]
"""


def large_system() -> str:
    """The text of the file: 57 services."""
    consumers = [
        f"ingest-{kind}-consumer" for kind in ("events", "errors", "replays", "feedback", "metrics", "occurrences")
    ]
    consumers += [f"subscription-consumer-{kind}" for kind in ("events", "transactions", "metrics", "spans", "uptime")]
    consumers += [f"post-process-{number}" for number in range(1, 8)]
    events = [
        f"events-consumer-{kind}" for kind in ("errors", "transactions", "replays", "spans", "metrics", "profiles")
    ]
    events += [f"events-replacer-{number}" for number in range(1, 7)]
    workers = [
        f"worker-{queue}" for queue in ("default", "mail", "reports", "exports", "search", "sso", "billing", "hooks")
    ]
    schedulers = ["beat", "dispatcher", "rollup", "digest"]
    text = "name: product\nservices:" + _FRONT + _STORES
    product = "ghcr.io/example/product"
    for name in consumers:
        text += _service(name, product, '{<<: *product, KAFKA: "kafka:9092", SYMBOLS: "http://symbols:3021"}', "back")
    for name in events:
        text += _service(name, "ghcr.io/example/events", "*events", "back, events")
    for name in workers:
        text += _service(name, product, '{<<: *product, MODEL: "http://model:8000"}', "back")
    for name in schedulers:
        text += _service(name, product, "*product", "back")
    return text + (
        "networks: {front: , back: , events: {internal: true}}\n"
        "volumes: {postgres-data: , kafka-data: , clickhouse-data: , uploads: , symbols: }\n"
        "x-aws: {domain: example.com}\n"
    )


def _service(name: str, image: str, environment: str, networks: str) -> str:
    return (
        f"  {name}:\n    image: {image}\n    command: run {name}\n    environment: {environment}\n"
        f"    depends_on: {{migrate: {{condition: service_completed_successfully}}}}\n    networks: [{networks}]\n"
    )
