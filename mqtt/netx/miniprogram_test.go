//go:build !js

package netx

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMiniProgramsAreElsewhere(t *testing.T) {
	for url, app := range map[string]string{"wxs://broker.example": "WeChat", "ALIS://broker.example/mqtt": "Alipay"} {
		_, err := Parse(url)
		_, ok := errors.AsType[*URLError](err)
		require.True(t, ok, "%v", err)
		require.ErrorContains(t, err, "only in a "+app+" mini-program")
		require.ErrorContains(t, err, "write wss://")
	}
}
