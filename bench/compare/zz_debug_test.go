package compare
import ("testing";"context";"github.com/sluicemq/sluice/mqtt";"time")
func TestZZ(t *testing.T) {
	for i := range 6 {
	for _, s := range []scenario{slowConsumerInFlood, slowConsumer} {
		for k, cl := range clients {
			if k != 0 && k != 1 && k != 4 { continue }
			t.Run("x", func(t *testing.T) {
				t.Parallel()
				ctx, stop := context.WithTimeout(context.Background(), longest)
				defer stop()
				start := time.Now()
				open := cl.open
				cl.open = func(ctx context.Context, a string, s settings) (link, error) {
					l, err := open(ctx, a, s)
					if x, ok := l.(*sluice); ok { go func() { <-x.gone; t.Log("lost", time.Since(start), x.client.Stats().Link.LastError, x.client.Stats().In) }() } else {
					go func() { <-l.lost(); t.Log("lost", time.Since(start)) }() }
					return l, err
				}
				_ = mqtt.V5
				t.Log(i, s.name, cl.how, s.play(&cell{t, cl, ctx}), time.Since(start))
			})
		}
	}
	}
}
