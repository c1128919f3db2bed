"""The fold that says whether a container is dead."""

from sm_ci.hosting.timeline import (
    Death,
    EngineLost,
    Event,
    Exited,
    OutOfMemory,
    Pinged,
    Requested,
    Stopwatch,
    Timeline,
    death,
    ping_status,
    pinged,
)
from sm_ci.results import Answer, Blob, NoAnswer, NoAnswerKind


def ping(at: float, status: str = "", miss: str = "") -> Pinged:
    return Pinged(at=at, seconds=0.01, miss=miss, status=status)


def answer(status: int, body: bytes) -> Answer:
    blob = Blob(size=len(body), sha256="", media_type="application/json", head=body)
    return Answer(status=status, headers=(), body=blob, connect=0.0, first_byte=0.0, total=0.25)


def test_a_container_that_answers_is_alive() -> None:
    events: list[Event] = [ping(0), Requested(at=1, body="a", timed_out=False), ping(5)]
    assert death(events) is None


def test_an_exit_is_death_with_its_code() -> None:
    assert death([ping(0), Exited(at=1, exit_code=3)]) == Death(
        kind="exited", message="the container exited with code 3"
    )


def test_an_exit_with_0_says_that_the_server_must_stay() -> None:
    assert death([Exited(at=1, exit_code=0)]) == Death(
        kind="exited",
        message="the container exited with code 0",
        remedy="The server must stay in the foreground: "
        "SageMaker stops the endpoint when the container's first process ends.",
    )


def test_an_exit_after_an_oom_event_says_out_of_memory() -> None:
    found = death([OutOfMemory(at=1), Exited(at=1, exit_code=137)])
    assert found == Death(
        kind="exited",
        message="the container exited with code 137, out of memory",
        remedy="Give it more memory (instance_type or resources.memory), or load less.",
    )


def test_an_oom_of_a_worker_alone_is_no_death() -> None:
    assert death([OutOfMemory(at=1)]) is None


def test_unhealthy_in_the_body_for_five_seconds_is_death() -> None:
    assert death([ping(0, "Unhealthy"), ping(4.9, "Unhealthy")]) is None
    found = death([ping(0, "Unhealthy"), ping(1, "unhealthy"), ping(5, "Unhealthy")])
    assert found == Death(
        kind="unhealthy",
        message='/ping answers 200, but its body says {"status": "Unhealthy"} for 5 s: the model failed to load',
    )


def test_a_healthy_ping_ends_the_streak_and_a_missed_one_does_not() -> None:
    assert death([ping(0, "Unhealthy"), ping(3, "Healthy"), ping(5.5, "Unhealthy")]) is None
    assert death([ping(0, "Unhealthy"), ping(3, miss="status 500"), ping(5.5, "Unhealthy")]) is not None


def test_flapping_for_ten_seconds_without_an_answer_is_death() -> None:
    flaps: list[Event] = [
        ping(0, "Unhealthy"),
        ping(1, "Healthy"),
        ping(5, "Unhealthy"),
        ping(6, "Healthy"),
        ping(10, "Unhealthy"),
    ]
    assert death(flaps[:-1]) is None
    assert death(flaps) == Death(
        kind="unhealthy",
        message='/ping answers 200, but its body says {"status": "Unhealthy"} again and again for 10 s without an answer: '
        "its workers keep dying",
    )
    answered = [*flaps[:3], Requested(at=5.5, body="a", timed_out=False), *flaps[3:]]
    assert death(answered) is None


def test_flapping_for_five_seconds_is_death_when_memory_ran_out_meanwhile() -> None:
    flaps: list[Event] = [
        ping(0, "Unhealthy"),
        OutOfMemory(at=0.5),
        ping(1, "Healthy"),
        ping(3, "Unhealthy"),
        ping(4, "Healthy"),
        ping(5, "Unhealthy"),
    ]
    assert death(flaps[:-1]) is None
    found = death(flaps)
    assert found is not None
    assert (found.kind, "again and again for 5 s without an answer" in found.message) == ("unhealthy", True)
    assert death([event for event in flaps if not isinstance(event, OutOfMemory)]) is None
    assert death([flaps[0], flaps[1], Requested(at=0.6, body="a", timed_out=False), *flaps[2:]]) is None


def test_a_worker_that_is_killed_and_comes_back_is_no_death() -> None:
    """One that loads for long says Healthy or nothing, and a larger server is Partial Healthy without it."""
    for status in ("Healthy", "Partial Healthy", ""):
        assert death([OutOfMemory(at=0), ping(1, "Unhealthy"), ping(2, "Unhealthy"), ping(9, status)]) is None


def test_a_burst_of_kills_is_one_event_and_pushes_nothing_out() -> None:
    timeline = Timeline(Stopwatch())
    for second in range(3):
        timeline.emit(ping(2.5 * second, "Unhealthy"))
        for _ in range(500):
            timeline.emit(OutOfMemory(at=2.5 * second))
        timeline.emit(ping(2.5 * second + 0.5, "Healthy"))
    assert [event.at for event in timeline.events() if isinstance(event, OutOfMemory)] == [0, 2.5, 5]
    assert timeline.dead is not None


def test_the_watcher_looks_closely_after_a_kill_for_memory() -> None:
    timeline = Timeline(Stopwatch())
    timeline.emit(OutOfMemory(at=0))
    assert timeline.suspicious()


def test_the_watcher_looks_closely_after_an_unhealthy_ping() -> None:
    timeline = Timeline(Stopwatch())
    assert not timeline.suspicious()
    timeline.emit(ping(0, "Unhealthy"))
    timeline.emit(ping(1, "Healthy"))
    assert timeline.suspicious()


def test_partial_healthy_is_alive() -> None:
    assert death([ping(0, "Partial Healthy"), ping(60, "Partial Healthy")]) is None


def test_two_time_outs_in_a_row_with_different_bodies_are_death() -> None:
    late: list[Event] = [Requested(at=60, body="a", timed_out=True), Requested(at=120, body="b", timed_out=True)]
    assert death(late) == Death(
        kind="hangs",
        message="two requests in a row with different bodies got no answer in time: the server hangs",
    )


def test_two_time_outs_of_the_same_body_are_not() -> None:
    assert death([Requested(at=60, body="a", timed_out=True), Requested(at=120, body="a", timed_out=True)]) is None


def test_an_answer_between_two_time_outs_is_life() -> None:
    events: list[Event] = [
        Requested(at=60, body="a", timed_out=True),
        Requested(at=61, body="b", timed_out=False),
        Requested(at=120, body="c", timed_out=True),
    ]
    assert death(events) is None


def test_the_engine_going_away_is_told_apart() -> None:
    assert death([EngineLost(at=1, why="the Docker engine went away")]) == Death(
        kind="engine-lost", message="the Docker engine went away"
    )


def test_listeners_hear_of_a_death_once_and_late_ones_at_once() -> None:
    timeline, heard = Timeline(Stopwatch()), []
    timeline.on_death(lambda news: heard.append(news.kind))
    timeline.emit(Exited(at=1, exit_code=1))
    timeline.emit(Exited(at=2, exit_code=1))
    assert heard == ["exited"]
    timeline.on_death(lambda news: heard.append(f"late {news.kind}"))
    assert heard == ["exited", "late exited"]


def test_waiting_ends_with_a_death() -> None:
    timeline = Timeline(watch := Stopwatch())
    timeline.emit(Exited(at=1, exit_code=1))
    timeline.wait(30)
    assert watch.now() < 5


def test_the_word_in_the_pings_body() -> None:
    assert ping_status(answer(200, b'{\n  "status": "Unhealthy"\n}\n')) == "Unhealthy"
    for body in (b"", b"ok", b"[1]", b'{"status": 1}', b"\xff", b"[" * 100_000):
        assert ping_status(answer(200, body)) == ""


def test_what_a_ping_comes_to() -> None:
    assert pinged(answer(200, b""), 3.0) == Pinged(at=3.0, seconds=0.25, miss="", status="")
    assert pinged(answer(500, b""), 3.0).miss == "status 500"
    late = NoAnswer(kind=NoAnswerKind.TIMEOUT, after=2.0, detail="")
    assert pinged(late, 3.0) == Pinged(at=3.0, seconds=2.0, miss="no answer within 2 s", status="")
    refused = NoAnswer(kind=NoAnswerKind.REFUSED, after=0.0, detail="connection refused")
    assert pinged(refused, 3.0).miss == "connection refused"
