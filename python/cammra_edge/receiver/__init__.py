"""A reference receiver: takes events over HTTP, TCP, FTP and MQTT, holds them against the contract, keeps them.

For trying things out, and for tests:

    with Receiver(http=("127.0.0.1", 0), tcp=("127.0.0.1", 0)) as receiver:
        ...                                  # send to receiver.http_url, receiver.tcp_address
        receiver.wait_for(lambda: len(receiver.events) == 4, timeout_s=10)
        assert receiver.problems == []

It can also misbehave on purpose: answer with errors for a while, reset connections, be away.
"""

from cammra_edge.receiver.arrival import Arrival, Picture, Way
from cammra_edge.receiver.receiver import Answer, Receiver

__all__ = ["Answer", "Arrival", "Picture", "Receiver", "Way"]
