"""The kernel's table of sockets, read as proc(5) says."""

from sm_ci.engine.sockets import Listener, parse

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0 0
   1: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 0 0
   2: 0000000000000000FFFF00000100007F:1F92 00000000000000000000000000000000:0000 0A 0 0
   3: nonsense:1F92 0 0A
"""


def test_listening_sockets_of_both_families() -> None:
    assert list(parse(TABLE)) == [
        Listener(address="127.0.0.1", port=8080),
        Listener(address="0.0.0.0", port=9090),
        Listener(address="::", port=8080),
        Listener(address="::1", port=8081),
        Listener(address="127.0.0.1", port=8082),
    ]


def test_which_of_them_the_outside_does_not_reach() -> None:
    assert [(str(found), found.loopback) for found in parse(TABLE)] == [
        ("127.0.0.1:8080", True),
        ("0.0.0.0:9090", False),
        ("[::]:8080", False),
        ("[::1]:8081", True),
        ("127.0.0.1:8082", True),
    ]
