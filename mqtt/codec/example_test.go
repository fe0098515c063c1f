package codec_test

import (
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// A reader keeps what Next can't use yet, and reads on behind it.
func ExampleNext() {
	d := codec.Dialect{Version: codec.V311, From: codec.FromServer}
	buf := []byte{0x20, 2, 0, 0, 0x30, 7, 0, 3, 'a', '/', 'b', 'h', 'i', 0x40, 2}
	for {
		f, size, err := codec.Next(buf, d, 1<<20)
		if err != nil {
			fmt.Println(err)
			return
		}
		if size == 0 || size > len(buf) {
			break
		}
		p, err := codec.Decode(f, d)
		if err != nil {
			fmt.Println(err)
			return
		}
		if m, ok := p.(*codec.Publish); ok {
			fmt.Printf("%v to %s: %s\n", p.Type(), m.Topic, m.Payload)
		} else {
			fmt.Println(p.Type())
		}
		buf = buf[size:]
	}
	fmt.Println(len(buf), "bytes of the next packet")
	// Output:
	// CONNACK
	// PUBLISH to a/b: hi
	// 2 bytes of the next packet
}

// A message is prepared once, and sent as its connection wants it.
func ExamplePrepared() {
	var p codec.Prepared
	err := p.Set(&codec.Publish{QoS: codec.AtLeastOnce, Topic: "a/b", Payload: []byte("hi")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("% X\n", p.Append(nil, &codec.Sending{Version: codec.V311, PacketID: 10}))
	fmt.Printf("% X\n", p.Append(nil, &codec.Sending{Version: codec.V5, PacketID: 10, Dup: true}))
	// Output:
	// 32 09 00 03 61 2F 62 00 0A 68 69
	// 3A 0A 00 03 61 2F 62 00 0A 00 68 69
}
