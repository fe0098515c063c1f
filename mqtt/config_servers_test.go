package mqtt

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestB009B043TheDefaultServer(t *testing.T) {
	s, err := Config{}.settle()
	require.NoError(t, err)
	require.Len(t, s.servers, 1)
	require.Equal(t, "mqtt://localhost:1883", s.servers[0].String())
}

func TestB049SeveralServers(t *testing.T) {
	s, err := Config{Servers: []string{"mqtt://a", "mqtts://u:p@b", "tcp://c:1?clientId=x"}}.settle()
	require.NoError(t, err)
	var names []string
	for _, server := range s.servers {
		names = append(names, server.String())
	}
	require.Equal(t, []string{"mqtt://a:1883", "mqtts://b:8883", "mqtt://c:1"}, names)
	require.Equal(t, "x", s.ClientID, "a client has one id, whichever URL names it")
	require.False(t, s.servers[0].HasUsername, "credentials of one server aren't told to another")
	require.Equal(t, "p", string(s.servers[1].Password))
}

func TestURLsThatAreWrong(t *testing.T) {
	for rule, urls := range map[string][]string{
		"B035 no scheme":                 {"mqtt://a", "localhost"},
		"B035 blank scheme":              {"mqtt://a", "://localhost"},
		"B038 unknown scheme":            {"mqtt://a", "gopher://localhost"},
		"B039 host:port":                 {"mqtt://a", "localhost:1883"},
		"empty":                          {"mqtt://a", ""},
		"two client ids":                 {"mqtt://a?clientId=a", "mqtt://b?clientId=b"},
		"one client id and an empty one": {"mqtt://a?clientId=a", "mqtt://b?clientId="},
		"long user name":                 {"mqtt://a", "mqtt://" + strings.Repeat("u", 65_536) + "@b"},
		"long password":                  {"mqtt://a", "mqtt://u:" + strings.Repeat("p", 65_536) + "@b"},
	} {
		t.Run(rule, func(t *testing.T) {
			_, err := Config{Servers: urls}.settle()
			requireConfig(t, "Servers[1]", err)
		})
	}
}

func TestB078ErrorsHoldNoPassword(t *testing.T) {
	for _, c := range []Config{
		{Servers: []string{"mqtt://u:hush@h:x"}},
		{Servers: []string{"mqtt://u:hush@h"}, TLS: certified()},
		{Servers: []string{"mqtt://:hush@h?clientId=x", "mqtt://:hush@h?clientId=y"}},
		{Servers: []string{"nope://u:hush@h"}},
	} {
		_, err := c.settle()
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hush")
	}
}

func certified() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{{}}} }

func TestB037ClientCertificateNeedsTLS(t *testing.T) {
	asked := &tls.Config{GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return nil, nil }}
	for _, c := range []struct {
		name  string
		tls   *tls.Config
		urls  []string
		field string
	}{
		{"all secure", certified(), []string{"mqtts://a", "ssl://b", "tls://c"}, ""},
		{"one plain", certified(), []string{"mqtts://a", "tcp://b"}, "TLS"},
		{"no scheme at all", certified(), nil, "TLS"},
		{"no scheme in the URL", certified(), []string{"a"}, "Servers[0]"},
		{"unknown scheme", certified(), []string{"x://a"}, "Servers[0]"},
		{"by callback", asked, []string{"mqtt://a"}, "TLS"},
		{"no certificate", &tls.Config{}, []string{"mqtt://a"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Config{TLS: c.tls, Servers: c.urls}.settle()
			requireConfig(t, c.field, err)
		})
	}
}

func TestB041ConfigWinsOverTheURLFieldByField(t *testing.T) {
	const url = "mqtt://user:pass@h?clientId=url"
	for _, c := range []struct {
		name               string
		url                string
		config             Config
		id, user, password string
		noPassword, noUser bool
	}{
		{name: "B030: all from the URL", url: url, id: "url", user: "user", password: "pass"},
		{name: "B031: user name alone", url: "mqtt://user@h?clientId=url", id: "url", user: "user", noPassword: true},
		{name: "id", url: url, config: Config{ClientID: "own"}, id: "own", user: "user", password: "pass"},
		{name: "no id", url: url, config: Config{NoClientID: true}, id: "", user: "user", password: "pass"},
		{name: "B032: empty id of the URL", url: "mqtt://h?clientId=", id: "", noUser: true, noPassword: true},
		{name: "id over an empty one", url: "mqtt://h?clientId=", config: Config{ClientID: "own"}, id: "own", noUser: true, noPassword: true},
		{name: "user name", url: url, config: Config{Username: "own"}, id: "url", user: "own", password: "pass"},
		{name: "password", url: url, config: Config{Password: []byte("own")}, id: "url", user: "user", password: "own"},
		{name: "B040: empty password", url: url, config: Config{Password: []byte{}}, id: "url", user: "user", password: ""},
		{name: "B040: empty password of the URL", url: "mqtt://user:@h?clientId=url", id: "url", user: "user", password: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Servers = []string{c.url}
			s, err := c.config.settle()
			require.NoError(t, err)
			require.Equal(t, c.id, s.ClientID)
			require.Equal(t, c.id == "", s.NoClientID)
			got := s.servers[0]
			require.Equal(t, c.user, got.Username)
			require.Equal(t, !c.noUser, got.HasUsername)
			require.Equal(t, c.password, string(got.Password))
			require.Equal(t, !c.noPassword, got.HasPassword)
		})
	}
}

func TestB002B003TheDefaultClientID(t *testing.T) {
	ids := map[string]bool{}
	for range 100 {
		s, err := Config{}.settle()
		require.NoError(t, err)
		require.Regexp(t, `^sluice[0-9A-Za-z]{17}$`, s.ClientID)
		ids[s.ClientID] = true
	}
	require.Len(t, ids, 100)
}

func TestClientIDs(t *testing.T) {
	long := strings.Repeat("é", 24)
	for _, c := range []struct {
		name   string
		config Config
		field  string
	}{
		{"B004: any", Config{ClientID: "a b/中国"}, ""},
		{"B007: durable without", Config{Session: SessionDurable}, "ClientID"},
		{"B007: durable with none", Config{Session: SessionDurable, NoClientID: true}, "ClientID"},
		{"B007: durable, empty in the URL", Config{Session: SessionDurable, Servers: []string{"mqtt://h?clientId="}}, "ClientID"},
		{"B006: durable with", Config{Session: SessionDurable, ClientID: "c"}, ""},
		{"B006: durable, in the URL", Config{Session: SessionDurable, Servers: []string{"mqtt://h?clientId=c"}}, ""},
		{"B008: none", Config{NoClientID: true}, ""},
		{"both", Config{NoClientID: true, ClientID: "c"}, "NoClientID"},
		{"none on 3.1", Config{NoClientID: true, Version: V31}, "NoClientID"},
		{"none on 3.1, lenient", Config{NoClientID: true, Version: V31, Lenient: true}, "NoClientID"},
		{"none on 3.1.1", Config{NoClientID: true, Version: V311}, ""},
		{"invalid UTF-8 (1.5.4-1)", Config{ClientID: "\xff"}, "ClientID"},
		{"U+0000 (1.5.4-2)", Config{ClientID: "a\x00"}, "ClientID"},
		{"65,535 bytes", Config{ClientID: strings.Repeat("c", 65_535)}, ""},
		{"65,536 bytes", Config{ClientID: strings.Repeat("c", 65_536)}, "ClientID"},
		{"65,536 bytes in the URL", Config{Servers: []string{"mqtt://h?clientId=" + strings.Repeat("c", 65_536)}}, "ClientID"},
		{"23 characters on 3.1", Config{ClientID: long[2:], Version: V31}, ""},
		{"24 characters on 3.1", Config{ClientID: long, Version: V31}, "ClientID"},
		{"24 characters on 3.1, lenient", Config{ClientID: long, Version: V31, Lenient: true}, ""},
		{"24 characters on 3.1.1", Config{ClientID: long, Version: V311}, ""},
		{"the default on 3.1", Config{Version: V31}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.config.settle()
			requireConfig(t, c.field, err)
		})
	}
}
