"""Whatever breaks between the command and AWS: the command says so in a sentence, and the next deploy succeeds with
nothing lost."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compose2aws.rehearsal import RehearsalServer
from tests.delivery.situation import use
from tests.faults.proxy import Fault
from tests.faults.shop import FaultyShop

_PASSING: tuple[Fault, ...] = ("throttled", "failed", "cut-before", "cut-after", "slow", "no-answer-of-aws")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyShop]:
    with RehearsalServer(background=True, pause=0.01) as server:
        use(server, monkeypatch)
        yield FaultyShop(tmp_path, server.use_services())


def _now_and_then(seed: int, share: float) -> Callable[[int], Fault | None]:
    """Breaks a share of the requests, whichever."""
    random_ = random.Random(seed)  # noqa: S311
    return lambda number: random_.choice(_PASSING) if random_.random() < share else None


def _all_from(first: int, fault: Fault, count: int = 10**6) -> Callable[[int], Fault | None]:
    return lambda number: fault if first <= number < first + count else None


def _check_told(code: int, stderr: str) -> None:
    assert code in (0, 1), stderr
    assert "Traceback" not in stderr
    assert "bug of compose2aws" not in stderr
    assert code == 0 or stderr.strip().splitlines()[-1], "a failure says why"


def _run(shop: FaultyShop, seed: int) -> None:
    """A first deployment or an update, broken in one way that the seed draws, then one that is not."""
    draw = random.Random(seed)  # noqa: S311
    if updating := seed % 2 == 1:
        shop.deploy_undisturbed()
        shop.write("debug")
    before = shop.data()
    requests = 30 if updating else 60
    kind = draw.choice(("some", "expired", "down", "interrupted", "killed"))
    if kind == "some":
        run, _ = shop.deploy(_now_and_then(draw.randrange(10**6), draw.choice((0.02, 0.05))))
        _check_told(run.code, run.stderr)
    elif kind in ("expired", "down"):
        first = draw.randrange(2, requests)
        broken = _all_from(first, "expired") if kind == "expired" else _all_from(first, "cut-before", 6)
        run, _ = shop.deploy(broken, AWS_MAX_ATTEMPTS="2")
        _check_told(run.code, run.stderr)
    else:
        how = signal.SIGINT if kind == "interrupted" else signal.SIGKILL
        run = shop.interrupted(draw.randrange(requests), how)
        assert run.code in (0, 130, -signal.SIGKILL), (run.code, run.stderr)
        assert "Traceback" not in run.stderr
    shop.deploy_undisturbed()
    assert shop.stacks().keys() == {"shop-base", "shop-app"}
    assert all(status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") for status in shop.stacks().values()), shop.stacks()
    assert shop.data().items() >= before.items(), "what held data is as it was"
    assert shop.log_level() == ("debug" if updating else "info")


@pytest.mark.parametrize("seed", range(20))
def test_the_next_deploy_succeeds_and_nothing_is_lost(shop: FaultyShop, seed: int) -> None:
    _run(shop, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_the_next_deploy_succeeds_and_nothing_is_lost_many_times(shop: FaultyShop, seed: int) -> None:
    _run(shop, seed)


@pytest.mark.parametrize("at", [8, 40])
def test_an_interrupted_deployment_says_how_to_come_back(shop: FaultyShop, at: int) -> None:
    run = shop.interrupted(at, signal.SIGINT)
    assert run.code == 130
    assert "the same deploy command takes it up" in run.stderr


def test_expired_credentials_are_told_in_one_sentence(shop: FaultyShop) -> None:
    run, _ = shop.deploy(_all_from(0, "expired"))
    assert run.code == 1
    assert "the AWS credentials have expired" in run.stderr
    assert shop.stacks() == {}


def test_throttling_that_does_not_end_is_told_in_one_sentence(shop: FaultyShop) -> None:
    run, _ = shop.deploy(_all_from(0, "throttled"), AWS_MAX_ATTEMPTS="2")
    assert run.code == 1
    assert "AWS is throttling" in run.stderr
