"""Takes events from MQTT, commits them to PostgreSQL, and answers each camera only then (reply mode).

    pip install 'paho-mqtt>=2.1' 'psycopg[binary]>=3.2'
    python consumer.py --broker 127.0.0.1:1883 --database postgresql:///fleet --by collectors --id collector-1

Start as many as you like, each with an `--id` of its own: the broker shares the events out. What one of them had
taken and not committed when it died goes to another, or is sent again by its camera. All answer with the same `--by`,
which is the name that the cameras' profiles wait for.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import queue
import time
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

AT_ONCE = 200  # messages that the broker gives before we acknowledge: one transaction
SESSION_S = 7 * 86_400  # how long the broker keeps messages for us while we are away
EVENT = """INSERT INTO event
    (event_id, at, site, device, kind, car_id, plate, country, confidence, direction, body)
    VALUES (%s, %s, %s, %s, %s, %s, normal(%s), %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
IMAGE = """INSERT INTO image (event_id, kind, sha256, jpeg) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING"""
HELD = "SELECT sha256 FROM image WHERE event_id = %s"

Database = psycopg.Connection[tuple[str, ...]]
Answer = tuple[str, str]  # "ok", "retry" or "refuse", and why


def asked_for(message: mqtt.MQTTMessage) -> tuple[str, bytes]:
    """Where an answer is wanted, and for what; nothing where that is no answer's topic."""
    topic = getattr(message.properties, "ResponseTopic", "")
    key = getattr(message.properties, "CorrelationData", b"")
    is_one = topic.startswith("cammra/v1/") and topic.endswith("/reply")
    return (topic, key) if is_one else ("", b"")


def stored(database: Database, message: mqtt.MQTTMessage) -> Answer:
    """Write one message within the transaction; returns what to tell the camera once that is committed."""
    try:
        _, _, site, device, what, *names = message.topic.split("/")
        if what == "image":
            event_id, kind = names
            digest = hashlib.sha256(message.payload).hexdigest()
            database.execute(IMAGE, (event_id, kind, digest, message.payload))
            return "ok", ""
        said = dict(getattr(message.properties, "UserProperty", []))
        text = message.payload.decode()
        event = json.loads(text)
        row = (
            said["ce_id"],
            datetime.fromtimestamp(int(event["capture_timestamp"]) / 1000, UTC),
            *(
                site,
                device,
                names[0],
                int(event["carID"]),
                event["plateUTF8"],
                event["plateCountry"],
            ),
            *(float(event["plateConfidence"] or 0), event["carMoveDirection"], text),
        )
        wanted = {one["sha256"] for one in json.loads(said.get("images", "[]"))}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        return "refuse", f"this is no event: {error!r}"
    held = {digest for (digest,) in database.execute(HELD, row[:1])} if wanted else set()
    if asked_for(message)[0] and wanted - held:
        return "retry", "a picture is not here yet"  # another consumer may have it, uncommitted
    database.execute(EVENT, row)
    return "ok", ""


def all_stored(database: Database, messages: list[mqtt.MQTTMessage]) -> list[Answer]:
    """Commit all in one transaction; where the database refuses one of them, each in its own."""
    try:
        with database.transaction():
            return [stored(database, message) for message in messages]
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        if len(messages) == 1:
            return [("refuse", str(error).partition("\n")[0])]
        return [answer for message in messages for answer in all_stored(database, [message])]


def reply(client: mqtt.Client, by: str, message: mqtt.MQTTMessage, answer: Answer) -> None:
    """Tell the camera, where it wants to be told."""
    topic, key = asked_for(message)
    if topic:
        result, why = answer
        told = {"key": key.decode(errors="replace"), "by": by, "result": result, "why": why[:200]}
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's has no types
        properties.CorrelationData = key
        client.publish(topic, json.dumps(told), qos=1, properties=properties)


def main() -> None:
    """Take, commit, answer, acknowledge."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--broker", "--database", "--by", "--id"):
        parser.add_argument(name, required=True)
    args = parser.parse_args()
    host, _, port = args.broker.rpartition(":")
    inbox: queue.Queue[tuple[int, mqtt.MQTTMessage]] = queue.Queue()
    connections = [0]
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, args.id, protocol=mqtt.MQTTv5, manual_ack=True
    )

    def connected(*_: object) -> None:
        connections[0] += 1
        for kind in ("event/+", "image/+/+"):
            client.subscribe(f"$share/{args.by}/cammra/v1/+/+/{kind}", qos=1)

    client.reconnect_delay_set(1, 5)  # or up to two minutes, in which nobody answers the cameras
    client.on_connect = connected
    client.on_message = lambda _client, _data, message: inbox.put((connections[0], message))
    session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # as above
    session.SessionExpiryInterval, session.ReceiveMaximum = SESSION_S, AT_ONCE
    client.connect_async(host, int(port), keepalive=20, clean_start=False, properties=session)
    client.loop_start()
    database: Database | None = None
    taken: list[tuple[int, mqtt.MQTTMessage]] = []
    while True:
        taken = taken or [inbox.get()]
        while len(taken) < AT_ONCE and not inbox.empty():
            taken.append(inbox.get())
        try:
            database = database or psycopg.connect(args.database, autocommit=True)
            answers = all_stored(database, [message for _, message in taken])
        except (
            psycopg.OperationalError
        ) as error:  # it will be back; nothing is acknowledged meanwhile
            print("database:", error, flush=True)
            database = None
            time.sleep(1)
            continue
        for (number, message), answer in zip(taken, answers, strict=True):
            reply(client, args.by, message, answer)
            if number == connections[0]:  # an id of the connection before means another message
                client.ack(message.mid, message.qos)
        taken = []


if __name__ == "__main__":
    main()
