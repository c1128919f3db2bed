"""What is kept of whole answers, and handed over."""

from __future__ import annotations

import httptools
import pytest

from sm_ci.load.worker.recording import Recorder
from sm_ci.load.worker.whole import HANDED, KEPT, LARGEST, Allowance, Room


def test_a_hundred_answers_a_second_are_granted_and_their_bytes_evenly() -> None:
    allowance = Allowance(60.0, 1.0)
    assert sum(allowance.grants(1) for _ in range(200)) == 100
    allowance.pass_by(0.5)
    assert sum(allowance.grants(1) for _ in range(200)) == 50
    allowance.pass_by(3600)
    assert not allowance.grants(LARGEST + 1)
    assert [allowance.grants(LARGEST), allowance.grants(LARGEST)] == [True, False]
    handed = 0
    for _ in range(60):
        allowance.pass_by(1.0)
        handed += 2**20 * sum(allowance.grants(2**20) for _ in range(20))
    assert handed == pytest.approx(HANDED, rel=0.02)


def test_a_body_that_is_too_large_is_let_go_at_once_and_its_room_given_back() -> None:
    room, ended = Room(), []
    recorder = Recorder(lambda: ended.append(1), room=room)
    parser = httptools.HttpResponseParser(recorder)
    parser.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (LARGEST + 8))
    for _ in range(LARGEST // 2**20):
        parser.feed_data(b"x" * 2**20)
    assert (recorder.kept, recorder.size, room.left) == (True, LARGEST, KEPT - LARGEST)
    parser.feed_data(b"x" * 8)
    assert (recorder.kept, recorder.body, room.left, ended) == (False, [], KEPT, [1])


def test_answers_that_come_together_share_the_room() -> None:
    room = Room()
    recorders = [Recorder(lambda: None, room=room) for _ in range(5)]
    for recorder in recorders:
        recorder.on_body(b"x" * LARGEST)
    assert [recorder.kept for recorder in recorders] == [True, True, True, False, False]
    recorders[0].release()
    recorders[0].release()
    assert room.left == LARGEST
    again = Recorder(lambda: None, room=room)
    again.on_body(b"x" * LARGEST)
    assert (again.kept, room.left) == (True, 0)
    followed = Recorder(lambda: None)
    followed.on_body(b"x")
    assert (followed.kept, followed.body) == (False, [])


def test_no_answer_has_hundreds_of_headers() -> None:
    parser = httptools.HttpResponseParser(Recorder(lambda: None, room=Room()))
    with pytest.raises(httptools.HttpParserCallbackError) as told:
        parser.feed_data(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300)
    assert type(told.value.__context__).__name__ == "Overlong"
