// Takes events from MQTT, commits them to PostgreSQL, and answers each camera only then (reply mode).
//
//	go run . -broker mqtt://127.0.0.1:1883 -database postgresql:///fleet -by collectors -id collector-1
//
// Start as many as you like, each with an -id of its own, beside those in Python: the broker shares the events out. All
// answer with the same -by, which is the name that the cameras' profiles wait for.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	atOnce   = 200       // messages that the broker gives before we acknowledge: one transaction
	sessionS = 7 * 86400 // how long the broker keeps messages for us while we are away
	event    = `INSERT INTO event
		(event_id, at, site, device, kind, car_id, plate, country, confidence, direction, body)
		VALUES ($1, $2, $3, $4, $5, $6, normal($7), $8, $9, $10, $11) ON CONFLICT DO NOTHING`
	image = `INSERT INTO image (event_id, kind, sha256, jpeg) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	held  = `SELECT count(*) FROM image WHERE event_id = $1 AND sha256 = ANY($2)`
)

type answer struct {
	Key    string `json:"key"`
	By     string `json:"by"`
	Result string `json:"result"`
	Why    string `json:"why"`
}

// refused says that nobody will ever be able to store a message.
type refused struct{ error }

var errNotYet = errors.New("a picture is not here yet") // another consumer may have it, uncommitted

// askedFor tells where an answer is wanted, and for what; nothing where that is no answer's topic.
func askedFor(m *paho.Publish) (string, []byte) {
	topic := m.Properties.ResponseTopic
	if strings.HasPrefix(topic, "cammra/v1/") && strings.HasSuffix(topic, "/reply") {
		return topic, m.Properties.CorrelationData
	}
	return "", nil
}

// store writes one message within the transaction.
func store(ctx context.Context, tx pgx.Tx, m *paho.Publish) error {
	parts := strings.Split(m.Topic, "/") // cammra/v1/{site}/{device}/event/{kind}, or .../image/{event-id}/{kind}
	if len(parts) < 6 {
		return refused{errors.New("an unknown topic")}
	}
	if parts[4] == "image" && len(parts) == 7 {
		digest := sha256.Sum256(m.Payload)
		_, err := tx.Exec(ctx, image, parts[5], parts[6], hex.EncodeToString(digest[:]), m.Payload)
		return err
	}
	var said struct {
		At         string `json:"capture_timestamp"`
		CarID      string `json:"carID"`
		Plate      string `json:"plateUTF8"`
		Country    string `json:"plateCountry"`
		Confidence string `json:"plateConfidence"`
		Direction  string `json:"carMoveDirection"`
	}
	if err := json.Unmarshal(m.Payload, &said); err != nil {
		return refused{err}
	}
	id := m.Properties.User.Get("ce_id")
	at, atErr := strconv.ParseInt(said.At, 10, 64)
	car, carErr := strconv.ParseInt(said.CarID, 10, 64)
	confidence, confidenceErr := strconv.ParseFloat("0"+said.Confidence, 32)
	var pictures []struct{ Sha256 string }
	listed := m.Properties.User.Get("images")
	picturesErr := json.Unmarshal([]byte(listed), &pictures)
	if listed == "" {
		picturesErr = nil
	}
	if err := errors.Join(atErr, carErr, confidenceErr, picturesErr); err != nil || id == "" {
		return refused{errors.Join(errors.New("this is no event"), err)}
	}
	if topic, _ := askedFor(m); topic != "" && len(pictures) > 0 {
		wanted, found := map[string]bool{}, 0
		for _, one := range pictures {
			wanted[one.Sha256] = true
		}
		digests := make([]string, 0, len(wanted))
		for digest := range wanted {
			digests = append(digests, digest)
		}
		if err := tx.QueryRow(ctx, held, id, digests).Scan(&found); err != nil {
			return err
		}
		if found < len(wanted) {
			return errNotYet
		}
	}
	_, err := tx.Exec(ctx, event, id, time.UnixMilli(at).UTC(), parts[2], parts[3], parts[5], car,
		said.Plate, said.Country, confidence, said.Direction, string(m.Payload))
	return err
}

// storeAll commits all in one transaction; where the database refuses one of them, each in its own.
func storeAll(ctx context.Context, db *pgxpool.Pool, taken []paho.PublishReceived) ([]answer, error) {
	answers := make([]answer, len(taken))
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		for i, one := range taken {
			switch err := store(ctx, tx, one.Packet); {
			case err == nil:
				answers[i] = answer{Result: "ok"}
			case errors.As(err, &refused{}):
				answers[i] = answer{Result: "refuse", Why: err.Error()}
			case errors.Is(err, errNotYet):
				answers[i] = answer{Result: "retry", Why: err.Error()}
			default:
				return err
			}
		}
		return nil
	})
	var data *pgconn.PgError
	if !errors.As(err, &data) || (data.Code[:2] != "22" && data.Code[:2] != "23") { // data, integrity
		return answers, err
	}
	if len(taken) == 1 {
		return []answer{{Result: "refuse", Why: data.Message}}, nil
	}
	for i := range taken {
		one, err := storeAll(ctx, db, taken[i:i+1])
		if err != nil {
			return nil, err
		}
		answers[i] = one[0]
	}
	return answers, nil
}

func main() {
	broker := flag.String("broker", "mqtt://127.0.0.1:1883", "URL of the broker")
	database := flag.String("database", "", "where to store")
	by := flag.String("by", "", "the name that cameras wait for")
	id := flag.String("id", "", "this consumer's own name")
	flag.Parse()
	ctx := context.Background()
	server, err := url.Parse(*broker)
	if err != nil {
		log.Fatal(err)
	}
	db, err := pgxpool.New(ctx, *database)
	if err != nil {
		log.Fatal(err)
	}
	inbox := make(chan paho.PublishReceived, atOnce)
	receiveMaximum := uint16(atOnce)
	manager, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls:            []*url.URL{server},
		KeepAlive:             20,
		SessionExpiryInterval: sessionS,
		ReconnectBackoff:      func(int) time.Duration { return time.Second },
		ConnectPacketBuilder: func(connect *paho.Connect, _ *url.URL) (*paho.Connect, error) {
			connect.Properties.ReceiveMaximum = &receiveMaximum
			return connect, nil
		},
		OnConnectionUp: func(manager *autopaho.ConnectionManager, _ *paho.Connack) {
			share := "$share/" + *by + "/cammra/v1/+/+/"
			_, err := manager.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{
				{Topic: share + "event/+", QoS: 1}, {Topic: share + "image/+/+", QoS: 1},
			}})
			log.Println("subscribed", err)
		},
		ClientConfig: paho.ClientConfig{
			ClientID:                   *id,
			EnableManualAcknowledgment: true,
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){
				func(one paho.PublishReceived) (bool, error) { inbox <- one; return true, nil },
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for {
		taken := []paho.PublishReceived{<-inbox}
		for len(taken) < atOnce && len(inbox) > 0 {
			taken = append(taken, <-inbox)
		}
		answers, err := storeAll(ctx, db, taken)
		for err != nil { // the database will be back; nothing is acknowledged meanwhile
			log.Println("database:", err)
			time.Sleep(time.Second)
			answers, err = storeAll(ctx, db, taken)
		}
		for i, one := range taken {
			if topic, key := askedFor(one.Packet); topic != "" {
				told := answers[i]
				told.Key, told.By = string(key), *by
				body, _ := json.Marshal(told)
				_, err := manager.Publish(ctx, &paho.Publish{Topic: topic, QoS: 0, Payload: body,
					Properties: &paho.PublishProperties{CorrelationData: key}})
				if err != nil { // its camera gets no answer, and sends it again
					log.Println("answer:", err)
				}
			}
			if err := one.Client.Ack(one.Packet); err != nil { // a connection that is gone: it comes again
				log.Println("acknowledge:", err)
			}
		}
	}
}
