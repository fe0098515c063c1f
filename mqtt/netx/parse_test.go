package netx

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	at := func(scheme, host, port string) Server { return Server{Scheme: scheme, Host: host, Port: port} }
	as := func(username string) Server {
		return Server{Scheme: "mqtt", Host: "h", Port: "1883", Username: username, HasUsername: true}
	}
	with := func(username, password string) Server {
		s := as(username)
		s.Password, s.HasPassword = []byte(password), true
		return s
	}
	id := func(id string) Server {
		return Server{Scheme: "mqtt", Host: "h", Port: "1883", ClientID: id, HasClientID: true}
	}
	web := func(scheme, host, port, path, query string) Server {
		return Server{Scheme: scheme, Host: host, Port: port, Path: path, Query: query}
	}
	socket := func(scheme, file, path, query string) Server {
		return Server{Scheme: scheme, Socket: file, Path: path, Query: query}
	}
	both := with("user", "pass")
	both.Host = "host"
	for _, c := range []struct {
		name, url string
		want      Server
	}{
		{"B009 nothing after the scheme", "mqtt://", at("mqtt", "localhost", "1883")},
		{"B009 no host", "mqtt://:1884", at("mqtt", "localhost", "1884")},
		{"B009 no host and a path", "mqtts:///", at("mqtts", "localhost", "8883")},
		{"B030 userinfo", "mqtt://user:pass@host:1883", both},
		{"B031 user name only", "mqtt://user@h", as("user")},
		{"B032 client id", "mqtt://h?clientId=123", id("123")},
		{"B032 empty client id", "mqtt://h?clientId=", id("")},
		{"B032 client id without =", "mqtt://h/?clientId", id("")},
		{"B032 client id with escapes", "mqtt://h?clientId=a%26b%2Bc+d@e", id("a&b+c d@e")},
		{"B032 empty query", "mqtt://h?&", at("mqtt", "h", "1883")},
		{"B033 path of a slash", "mqtt://h/", at("mqtt", "h", "1883")},
		{"B033 path", "mqtts://h:1/a:b//c/", at("mqtts", "h", "1")},
		{"B034 IPv6", "mqtt://[::1]", at("mqtt", "::1", "1883")},
		{"B034 IPv6 and port", "mqtts://[2001:db8::1]:99", at("mqtts", "2001:db8::1", "99")},
		{"B034 IPv6 zone", "mqtt://[fe80::1%25eth0]:7", at("mqtt", "fe80::1%eth0", "7")},
		{"B034 IPv6 zone, bare", "mqtt://[fe80::1%br-0.1]", at("mqtt", "fe80::1%br-0.1", "1883")},
		{"B034 IPv6 zone that is the number 25", "mqtt://[fe80::1%2525]", at("mqtt", "fe80::1%25", "1883")},
		{"B034 IPv4", "mqtt://127.0.0.1", at("mqtt", "127.0.0.1", "1883")},
		{"B036 case of the scheme", "MqTT://h", at("mqtt", "h", "1883")},
		{"B040 first colon splits", "mqtt://user:pa:ss@h", with("user", "pa:ss")},
		{"B040 decoding after the split", "mqtt://us%3Aer:p%40ss%2F%00%FF@h", with("us:er", "p@ss/\x00\xff")},
		{"B040 + is a +", "mqtt://a+b:c+d@h", with("a+b", "c+d")},
		{"B040 last @ ends the userinfo", "mqtt://a@b:c@d@h", with("a@b", "c@d")},
		{"B040 empty password", "mqtt://user:@h", with("user", "")},
		{"B040 no user name but a password", "mqtt://:pass@h", with("", "pass")},
		{"B040 empty userinfo", "mqtt://@h", at("mqtt", "h", "1883")},
		{"B043 mqtt", "mqtt://h", at("mqtt", "h", "1883")},
		{"B043 tcp", "tcp://h", at("mqtt", "h", "1883")},
		{"B043 mqtts", "mqtts://h", at("mqtts", "h", "8883")},
		{"B043 tls", "tls://h", at("mqtts", "h", "8883")},
		{"B043 ssl", "SSL://h", at("mqtts", "h", "8883")},
		{"B033 ws", "ws://h", web("ws", "h", "80", "/", "")},
		{"B033 path of WebSocket", "ws://h/mqtt", web("ws", "h", "80", "/mqtt", "")},
		{"B033 path and query as they stand", "wss://h:1/a%2Fb//c?x=%41&y&=z", web("wss", "h", "1", "/a%2Fb//c", "x=%41&y&=z")},
		{"B033 what HTTP can't carry is escaped", "ws://h/ü<?q=ü^", web("ws", "h", "80", "/%C3%BC%3C", "q=%C3%BC%5E")},
		{"B033 query without a path", "wss://h?X-Amz-Signature=1", web("wss", "h", "443", "/", "X-Amz-Signature=1")},
		{"B032 client id of WebSocket is read and sent", "ws://h?a=1&clientId=c+d", Server{
			Scheme: "ws", Host: "h", Port: "80", Path: "/", Query: "a=1&clientId=c+d", ClientID: "c d", HasClientID: true}},
		{"B308 unix", "unix:///run/s.sock", socket("mqtt+unix", "/run/s.sock", "", "")},
		{"B308 mqtt+unix", "MQTT+UNIX:///run/a:b%20%40.sock", socket("mqtt+unix", "/run/a:b @.sock", "", "")},
		{"B309 mqtts+unix", "mqtts+unix:///s", socket("mqtts+unix", "/s", "", "")},
		{"B309 ws+unix", "ws+unix:///s", socket("ws+unix", "/s", "/", "")},
		{"B309 ws+unix with a resource", "ws+unix:///s%3A:/mqtt:1?q", socket("ws+unix", "/s:", "/mqtt:1", "q")},
		{"B309 wss+unix", "wss+unix:///s:", socket("wss+unix", "/s", "/", "")},
		{"B308 userinfo and client id", "unix://u:p@/s?clientId=c", Server{
			Scheme: "mqtt+unix", Socket: "/s", Username: "u", HasUsername: true, Password: []byte("p"), HasPassword: true,
			ClientID: "c", HasClientID: true}},
		{"B043 empty port", "mqtt://h:", at("mqtt", "h", "1883")},
		{"B043 highest port", "mqtt://h:065535", at("mqtt", "h", "65535")},
		{"B043 name with an underscore", "mqtt://my_broker.local.:1", at("mqtt", "my_broker.local.", "1")},
		{"B043 name beyond ASCII", "mqtt://bücher.example", at("mqtt", "bücher.example", "1883")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse(c.url)
			require.NoError(t, err)
			require.Equal(t, c.want, *s)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const missing = `"//" is missing: write mqtt://host:port`
	for _, c := range []struct{ name, url, shown, reason string }{
		{"B035 empty", "", "", "write mqtt://host:port"},
		{"B035 no scheme", "localhost", "localhost", missing},
		{"B035 blank scheme", "://localhost", "://localhost", "the scheme is missing: write mqtt://host:port"},
		{"B035 no scheme before //", "//localhost:1883", "//localhost:1883", "the scheme is missing: write mqtt://host:port"},
		{"B035 scheme with a character that none has", "mq_tt://h", "mq_tt://h", "the scheme is missing"},
		{"B037 unknown scheme", "mqttz://u:p@h", "mqttz://u:xxxxx@h", `unknown scheme "mqttz"`},
		{"B038 another protocol", "HTTP://h", "HTTP://h", `unknown scheme "http": write mqtt://`},
		{"B039 host:port", "localhost:1883", "localhost:1883", missing},
		{"B039 host:port with credentials", "user:pass@h:1883", "user:xxxxx@h:1883", missing},
		{"B039 scheme without //", "mqtt:h:1883", "mqtt:h:1883", missing},
		{"B039 scheme with one /", "mqtt:/h", "mqtt:/h", missing},
		{"B040 user name that doesn't decode", "mqtt://a%zz:p@h", "mqtt://a%zz:xxxxx@h", "the user name has a %"},
		{"B040 password that doesn't decode", "mqtt://a:50%@h", "mqtt://a:xxxxx@h", "the password has a %"},
		{"B040 user name not UTF-8", "mqtt://%FF@h", "mqtt://%FF@h", "the user name is not UTF-8"},
		{"B040 user name with U+0000", "mqtt://a%00@h", "mqtt://a%00@h", "the user name is not UTF-8, or holds U+0000"},
		{"B040 unescaped / in the password", "mqtt://u:12/3@h", "mqtt://u:xxxxx@h", "write @ as %40, / as %2F"},
		{"B040 unescaped @ and / in the password", "mqtt://u:1@2/3@h", "mqtt://u:xxxxx@h", "/ as %2F"},
		{"B040 unescaped # in the password", "mqtt://u:12#3@h", "mqtt://u:xxxxx@h", "# as %23"},
		{"B040 unescaped ? in the password", "mqtt://u:12?3@h", "mqtt://u:xxxxx@h", "? as %3F"},
		{"B040 unescaped ? in a password of WebSocket", "ws://u:12?3@h", "ws://u:xxxxx@h", "write @ as %40"},
		{"B033 @ in a query of WebSocket", "ws://h/?sign=a@b", "ws://h/?…", "in a query, user name or password write @ as %40"},
		{"B033 path of WebSocket that doesn't decode", "wss://h/50%/a", "wss://h/50%/a", "the path has a %"},
		{"B032 id twice for WebSocket", "ws://h?clientId=a&k=v&clientId=b", "ws://h?…", "twice"},
		{"B308 host of a unix socket", "unix://run/s", "unix://run/s", "write three slashes"},
		{"B308 relative path", "mqtt+unix://./s", "mqtt+unix://./s", "write three slashes"},
		{"B308 no path", "mqtt+unix://", "mqtt+unix://", "it names no file"},
		{"B308 directory", "unix:///run/", "unix:///run/", "it names no file"},
		{"B308 no path before the colon", "ws+unix://:/mqtt", "ws+unix://:/mqtt", "write three slashes"},
		{"B308 path that doesn't decode", "unix:///50%", "unix:///50%", "the path has a %"},
		{"B308 U+0000", "unix:///a%00", "unix:///a%00", "the path holds U+0000"},
		{"B308 query", "unix:///a?x=1", "unix:///a?…", "unknown query key"},
		{"B308 unescaped / in the password", "unix://u:p/q@/a", "unix://u:xxxxx@/a", "/ as %2F"},
		{"B040 unescaped ? in a password of letters", "mqtt://u:ab?3@h", "mqtt://u:xxxxx@h", "? as %3F"},
		{"B032 unknown key", "mqtt://h?clientId=a&qos=1", "mqtt://h?…", `unknown query key "qos": the only one is clientId`},
		{"B032 key in another case", "mqtt://h?clientid=a", "mqtt://h?…", `unknown query key "clientid"`},
		{"B032 id twice", "mqtt://h?clientId=a&clientId=", "mqtt://h?…", "twice"},
		{"B032 id that doesn't decode", "mqtt://h?clientId=%4", "mqtt://h?…", "clientId has a %"},
		{"B032 id not UTF-8", "mqtt://h?clientId=%FE", "mqtt://h?…", "clientId is not UTF-8"},
		{"B033 fragment", "mqtt://h/#a", "mqtt://h/#…", "write %23"},
		{"B034 IPv6 without brackets", "mqtt://::1", "mqtt://::1", "must stand in brackets"},
		{"B034 bracket not closed", "mqtt://[::1", "mqtt://[::1", "the ] after an IPv6 address is missing"},
		{"B034 text after the bracket", "mqtt://[::1]1883", "mqtt://[::1]1883", "comes :port or nothing"},
		{"B034 IPv4 in brackets", "mqtt://[127.0.0.1]", "mqtt://[127.0.0.1]", "is not an IPv6 address"},
		{"B034 nothing in brackets", "mqtt://[]", "mqtt://[]", "is not an IPv6 address"},
		{"B034 empty zone", "mqtt://[fe80::1%25]", "mqtt://[fe80::1%25]", "the zone of the IPv6 address"},
		{"B034 zone that is no name", "mqtt://[fe80::1%25a%2Fb]", "mqtt://[fe80::1%25a%2Fb]", "the zone of the IPv6 address"},
		{"B043 port 0", "mqtt://h:0", "mqtt://h:0", "not a number from 1 to 65535"},
		{"B043 port 65536", "mqtt://h:65536", "mqtt://h:65536", "not a number from 1 to 65535"},
		{"B043 negative port", "mqtt://h:-1", "mqtt://h:-1", "not a number from 1 to 65535"},
		{"B043 signed port", "mqtt://h:+1", "mqtt://h:+1", "not a number from 1 to 65535"},
		{"B043 service name", "mqtt://h:mqtt", "mqtt://h:mqtt", "not a number from 1 to 65535"},
		{"B043 port of an IPv6 address", "mqtt://[::1]:x", "mqtt://[::1]:x", "not a number from 1 to 65535"},
		{"B043 escape in the host", "mqtt://h%41", "mqtt://h%41", "the host holds a character"},
		{"B043 host not UTF-8", "mqtt://h\xff", "mqtt://h\xff", "the host holds a character"},
		{"B043 line end", "mqtt://h\n", "mqtt://h\n", "a space or a control character"},
		{"B043 space", " mqtt://h", " mqtt://h", "a space or a control character"},
		{"B043 U+0000", "mqtt://h\x00", "mqtt://h\x00", "a space or a control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse(c.url)
			require.Nil(t, s)
			wrong, ok := errors.AsType[*URLError](err)
			require.True(t, ok, "%T", err)
			require.Equal(t, c.shown, wrong.URL)
			require.Contains(t, wrong.Reason, c.reason)
			require.Contains(t, err.Error(), wrong.Reason)
		})
	}
}

func TestRedact(t *testing.T) {
	for raw, want := range map[string]string{
		"mqtt://h:1883?clientId=a@b&password=s": "mqtt://h:xxxxx@b&…",
		"mqtt://h?clientId=a@b&password=s":      "mqtt://h?…",
		"u:s://s@h":                             "u:xxxxx@h",
		"mqtt://u:s?s#s@h?k=v":                  "mqtt://u:xxxxx@h?…",
		"mqtt:u:s@h":                            "mqtt:xxxxx@h",
	} {
		require.Equal(t, want, redact(raw), raw)
	}
}
