package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Any byte that is another one shows, wherever it lies, and so do blocks that have changed places.
func TestEachByteOfAPayloadCounts(t *testing.T) {
	for _, size := range []int{16, 64, block, block + 3, block + 12, 2*block + 100, 5 * block} {
		payload := order{Size: size}.payload(3)
		number(payload, 7)
		if !whole(payload, 7) || whole(payload, 8) {
			t.Errorf("%d bytes: not whole", size)
		}
		for at := 4; at < size; at++ {
			payload[at] ^= 0x10
			if whole(payload, 7) {
				t.Errorf("%d bytes: byte %d doesn't count", size, at)
			}
			payload[at] ^= 0x10
		}
		for at := 2 * block; at+block <= size; at += block {
			swapped := bytes.Clone(payload)
			copy(swapped[block:], payload[at:at+block])
			copy(swapped[at:], payload[block:2*block])
			if whole(swapped, 7) {
				t.Errorf("%d bytes: block %d may be anywhere", size, at/block)
			}
		}
	}
	if whole(nil, 0) {
		t.Error("an empty payload is whole")
	}
}

// Of large payloads some are compared in all bytes, but each must have its sequence and its size.
func TestFollow(t *testing.T) {
	for _, size := range []int{16, 64 << 10} {
		payload := order{Size: size}.payload(0)
		number(payload, 7)
		if err := follow(payload, size, 7, 0); err != nil {
			t.Error(err)
		}
		for complaint, err := range map[string]error{
			"message 7 came, want 6": follow(payload, size, 6, 0),
			fmt.Sprintf("a payload of 11 bytes came as message 7, want %d", size): follow(payload[:11], size, 7, 0),
		} {
			if err == nil || err.Error() != complaint {
				t.Errorf("follow() = %v, want %s", err, complaint)
			}
		}
		payload[size-1]++
		for taken := range uint64(16) {
			if err := follow(payload, size, 7, taken); (err != nil) != (size == 16 || taken%8 == 0) {
				t.Errorf("%d bytes, %d taken before: %v", size, taken, err)
			}
		}
	}
}

// damagedAt takes messages of which one is spoilt, at once or when a few more have come.
func damagedAt(o order, spoilt, later int) error {
	t := newChecker(o)
	streams := len(t.streams)
	var kept []byte
	for i := range o.N {
		payload := o.payload(0)
		number(payload, uint64(i))
		if i == spoilt {
			kept = payload
		}
		if i == spoilt+later {
			kept[len(kept)-1]++
		}
		t.take(i%streams, payload)
	}
	return <-t.done
}

// What a receiver holds is looked at when others have come, and at the end.
func TestWhatIsWrittenOverLaterIsNoticed(t *testing.T) {
	const n = 40_000
	for name, o := range map[string]order{
		"64 B":              {N: n, Size: 64},
		"64 B, 100 streams": {N: n, Size: 64, Streams: 100},
		"4 KiB":             {N: 3000, Size: 4 << 10},
		"64 KiB":            {N: 400, Size: 64 << 10},
		"1 MiB":             {N: 40, Size: 1 << 20},
	} {
		first := expectationsOf(o, max(1, o.Streams))[0]
		holds, every := len(first.held)*len(newChecker(o).streams), first.every*first.step
		if holds*o.Size > 4*spanBytes || holds*every*o.Size < spanBytes/2 {
			t.Errorf("%s: %d are held, one of %d", name, holds, every)
		}
		for _, spoilt := range []int{0, every, o.N / every * every} { // these are held
			if spoilt == o.N {
				continue
			}
			if err := damagedAt(o, spoilt, 0); err == nil || err.Error() != fmt.Sprintf("message %d came with bytes that aren't its own", spoilt) {
				t.Errorf("%s, message %d spoilt: %v", name, spoilt, err)
			}
			if spoilt+1 == o.N {
				continue
			}
			if err := damagedAt(o, spoilt, 1); err == nil || err.Error() != fmt.Sprintf("message %d was written over after it had been taken", spoilt) {
				t.Errorf("%s, message %d written over: %v", name, spoilt, err)
			}
		}
		if err := damagedAt(o, o.N, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if many := expectationsOf(order{N: n, Size: 64}, 100_000); len(many[0].held) != 0 {
		t.Error("each of very many streams holds something")
	}
}

// The server tells of what has come damaged.
func TestWhatArrivesDamagedIsNoticed(t *testing.T) {
	o := order{Work: "publish", Address: local(t), Client: "damaged", Version: 4, QoS: 1, N: 1, Size: 40}
	conn, err := limit{}.connect(o.Address, o.Client, o.Version, true)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	payload := o.payload(0)
	payload[20]++
	send(t, conn, o, &codec.Publish{Topic: measured, QoS: codec.AtLeastOnce, PacketID: 1, Payload: payload})
	answered(t, conn)
	if err := verify(o); err == nil || err.Error() != "1 of 1 messages came with bytes that weren't their own" {
		t.Errorf("verify() = %v", err)
	}
}
