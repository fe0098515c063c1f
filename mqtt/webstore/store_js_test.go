package webstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestStoreSuite(t *testing.T) {
	mqtttest.StoreSuite(t, func(t *testing.T, name string) mqtt.Store { return opened(t, t.Name()+" "+name) })
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := opened(t, t.Name())
	write(t, s, batch(0)...)
	load(t, s)
	require.NoError(t, s.Close())
	err := s.Write(t.Context(), batch(1))
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorContains(t, err, t.Name())
	require.NoError(t, s.Release())
	_, err = tryLoad(t.Context(), s)
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, s.Close())
	same(t, expected(1), contents(t, t.Name()))
}

func TestCloseBesideAClient(t *testing.T) {
	s := opened(t, t.Name())
	started, ended := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; s.Write(context.Background(), batch(n)) == nil; n++ {
			if n == 3 {
				close(started)
			}
		}
		ended <- n
	}()
	<-started
	require.NoError(t, s.Close())
	same(t, expected(<-ended), contents(t, t.Name()))
}

func TestAKeyThatIsNoneChangesNothing(t *testing.T) {
	s := opened(t, t.Name())
	for _, key := range [][]byte{nil, {}, make([]byte, 65)} {
		err := s.Write(t.Context(), append(batch(0), mqtt.StoreRecord{Key: key, Value: []byte("1")}))
		require.ErrorContains(t, err, "where 1 to 64 are allowed")
	}
	require.Empty(t, load(t, s))
}

func TestANameIsNeeded(t *testing.T) {
	_, err := Open(t.Context(), "")
	require.ErrorContains(t, err, "the name is empty")
	require.ErrorContains(t, Delete(t.Context(), ""), "the name is empty")
}

func TestTheEndOfAContext(t *testing.T) {
	over, end := context.WithCancel(t.Context())
	end()
	_, err := Open(over, t.Name())
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, Delete(over, t.Name()), context.Canceled)

	s := opened(t, t.Name())
	_, err = Open(within(t, 100*time.Millisecond), t.Name())
	require.ErrorIs(t, err, context.DeadlineExceeded, "before others have used up their second")
	write(t, s, batch(0)...)
}

// A Write that is given up was applied or not, and the store knows which.
func TestAWriteThatIsGivenUp(t *testing.T) {
	t.Run("when it is too late", func(t *testing.T) {
		giveUpWrites(t, 0)
	})
	t.Run("by a browser that has no commit", func(t *testing.T) {
		replace(t, "IDBTransaction", "commit", "")
		giveUpWrites(t, 1)
	})
}

func giveUpWrites(t *testing.T, least int) {
	s := opened(t, t.Name())
	want, undone := map[string]string{}, 0
	for n := range 40 {
		ctx, end := context.WithCancel(t.Context())
		timer := time.AfterFunc(time.Duration(n)*50*time.Microsecond, end)
		err := s.Write(ctx, batch(n))
		timer.Stop()
		end()
		if err == nil {
			for _, r := range batch(n) {
				want[string(r.Key)] = string(r.Value)
			}
		} else {
			require.ErrorIs(t, err, context.Canceled)
			undone++
		}
		same(t, want, load(t, s))
	}
	require.GreaterOrEqual(t, undone, least)
	require.NoError(t, s.Close())
	same(t, want, contents(t, t.Name()))
}

// What the browser refuses in the middle of a batch leaves nothing of it.
func TestAWriteThatThrows(t *testing.T) {
	s := opened(t, t.Name())
	write(t, s, batch(0)...)
	t.Run("in the middle", func(t *testing.T) {
		replace(t, "IDBObjectStore", "put", `
			this.calls = (this.calls ?? 0) + 1;
			if (this.calls === 4) throw new TypeError("a stand-in's");
			return former.apply(this, args);`)
		changed := append([]mqtt.StoreRecord{record("a", "1"), {Key: batch(0)[0].Key}}, batch(1)...)
		err := s.Write(t.Context(), changed)
		require.ErrorContains(t, err, `webstore: write "TestAWriteThatThrows": `)
	})
	same(t, expected(1), load(t, s))
	write(t, s, batch(1)...)
	require.NoError(t, s.Close())
	same(t, expected(2), contents(t, t.Name()))
}

// The browser's own quota is of many gigabytes, so what it does when there is none left is played here.
func TestWithoutRoom(t *testing.T) {
	s := opened(t, t.Name())
	write(t, s, batch(0)...)
	t.Run("a write", func(t *testing.T) {
		replace(t, "IDBTransaction", "commit", "this.abort()")
		replace(t, "IDBTransaction", "error", `return new DOMException("a stand-in's", "QuotaExceededError")`)
		err := s.Write(t.Context(), batch(1))
		require.ErrorIs(t, err, ErrQuota)
		require.ErrorContains(t, err, `webstore: write "TestWithoutRoom": `)
	})
	same(t, expected(1), load(t, s))
	write(t, s, batch(1)...)
	require.NoError(t, s.Close())
	same(t, expected(2), contents(t, t.Name()))
}

func TestABrowserThatKeepsNothing(t *testing.T) {
	t.Run("without locks", func(t *testing.T) {
		replace(t, "Navigator", "locks", "")
		_, err := Open(t.Context(), t.Name())
		require.ErrorIs(t, err, ErrUnavailable)
		require.ErrorContains(t, err, "serve the page by https or from localhost")
	})
	t.Run("with locks that fail", func(t *testing.T) {
		replace(t, "LockManager", "request", `return Promise.reject(new DOMException("a stand-in's", "SecurityError"))`)
		_, err := Open(t.Context(), t.Name())
		require.ErrorIs(t, err, ErrUnavailable)
		require.ErrorContains(t, err, "storage is blocked")
	})
	for _, name := range []string{"SecurityError", "UnknownError"} {
		t.Run("that throws "+name, func(t *testing.T) {
			replace(t, "IDBFactory", "open", `throw new DOMException("a stand-in's", "`+name+`")`)
			_, err := Open(t.Context(), t.Name())
			require.ErrorContains(t, err, name)
			require.Equal(t, name == "SecurityError", errors.Is(err, ErrUnavailable))
		})
	}
	s := opened(t, t.Name()) // none of them has kept a lock
	write(t, s, batch(0)...)
}
