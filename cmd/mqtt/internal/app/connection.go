package app

import (
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// Connection is what the flags say about how to reach a server. Its flags are the same in each command that has it.
type Connection struct {
	URLs     []string
	TopicURL string // -L
	Host     string
	Port     int
	Protocol string
	Path     string
	Unix     string

	ID, IDPrefix string
	Username     string
	Password     string
	PasswordFile string
	AskPassword  bool
	Version      string
	KeepAlive    Seconds
	KeepSession  bool
	Expiry       Seconds

	CAFile, CAPath string
	Cert, Key      string
	Insecure       bool
	ALPN           []string
	TLSServerName  string
	TLSVersion     string
	Proxy          string
	WSHeaders      []string
	ConnectTimeout Seconds
	WillTopic      string
	WillPayload    string
	WillQoS        int
	WillRetain     bool
	MaxInFlight    int
	ReceiveMaximum int
	MaxPacketSize  int
	Properties     Properties
	app            *App
	side           string // of SideFlags; empty: the command's one connection
}

// Flags gives cmd the flags of a connection.
func (c *Connection) Flags(a *App, cmd *cobra.Command) {
	c.app = a
	f := cmd.Flags()
	f.StringArrayVar(&c.URLs, "url", nil, "URL of the server, as in mqtts://host:8883 or ws://host/mqtt; more than one are tried in turn")
	f.StringVarP(&c.TopicURL, "topic-url", "L", "", "the server and the topic in one: mqtt://user:password@host:port/topic")
	f.StringVarP(&c.Host, "host", "h", "localhost", "host of the server")
	f.IntVarP(&c.Port, "port", "p", 0, "port of the server (default: the protocol's, as in 1883 or 8883)")
	f.StringVar(&c.Protocol, "protocol", "", "mqtt, mqtts, ws or wss (default: mqtt, mqtts with an option of TLS or port 8883)")
	f.StringVar(&c.Path, "ws-path", "/mqtt", "path of the URL for ws and wss")
	f.StringVar(&c.Unix, "unix", "", "path of the server's Unix socket")
	f.StringVarP(&c.ID, "id", "i", "", "client id (default: a random one)")
	f.StringVarP(&c.IDPrefix, "id-prefix", "I", "", "begin of a client id that ends at random")
	f.StringVarP(&c.Username, "username", "u", "", "user name")
	f.StringVarP(&c.Password, "password", "P", "", "password; others can see a command line, so rather MQTT_PASSWORD or --password-file")
	f.StringVar(&c.PasswordFile, "password-file", "", "file that holds the password; a line feed at its end isn't part of it")
	f.BoolVar(&c.AskPassword, "ask-password", false, "ask for the password on the terminal")
	f.StringVarP(&c.Version, "protocol-version", "V", "auto", "version of MQTT: 5, 311, 31, or auto for the newest that the server takes")
	f.VarP(&c.KeepAlive, "keepalive", "k", "seconds without traffic until a sign of life (default 60)")
	f.BoolVarP(&c.KeepSession, "keep-session", "c", false, "keep the session when disconnected; needs -i")
	f.VarP(&c.Expiry, "session-expiry", "x", "seconds that a kept session may outlive its connection (default: for ever)")
	f.Var(&c.ConnectTimeout, "connect-timeout", "seconds for one attempt to connect (default 30)")
	f.StringVar(&c.CAFile, "cafile", "", "PEM file of the authorities to trust, in place of the system's")
	f.StringVar(&c.CAPath, "capath", "", "directory of such files")
	f.StringVar(&c.Cert, "cert", "", "PEM file of the client's certificate; needs --key")
	f.StringVar(&c.Key, "key", "", "PEM file of its key")
	f.BoolVar(&c.Insecure, "insecure", false, "trust any certificate: whoever is in between can read and change all")
	f.StringArrayVar(&c.ALPN, "alpn", nil, "protocol to offer by ALPN")
	f.StringVar(&c.TLSServerName, "tls-servername", "", "name that the server's certificate has to be for (default: the host)")
	f.StringVar(&c.TLSVersion, "tls-version", "", "lowest version of TLS: tlsv1.2 or tlsv1.3 (default tlsv1.2)")
	f.StringVar(&c.Proxy, "proxy", "", "proxy as http://… or socks5h://user:password@host:port, or none (default: the environment's for ws and wss)")
	f.StringArrayVar(&c.WSHeaders, "ws-header", nil, "header of the WebSocket request, as in 'Authorization: Bearer …'")
	f.StringVar(&c.WillTopic, "will-topic", "", "topic of the will")
	f.StringVar(&c.WillPayload, "will-payload", "", "payload of the will")
	f.IntVar(&c.WillQoS, "will-qos", 0, "QoS of the will")
	f.BoolVar(&c.WillRetain, "will-retain", false, "have the will retained")
	f.IntVar(&c.MaxInFlight, "max-inflight", 0, "messages that may be under way at once (default 1000)")
	f.IntVar(&c.ReceiveMaximum, "receive-maximum", 0, "messages that the server may have under way to us (default 65535)")
	f.IntVar(&c.MaxPacketSize, "max-packet-size", 0, "bytes of the largest packet that is taken (default 1 MiB; to record, copy and retained whatever comes)")
	f.VarP(&c.Properties, "property", "D", "a property of MQTT 5.0: COMMAND NAME VALUE, as in -D publish content-type text/plain")
	completions(cmd)
}

// mostUnderWay is the Receive Maximum that is no limit (§3.1.2.11.3). There are servers that send more than a lesser one allows, as
// mosquitto 2.0 what has waited for a session, and the client has to end such a connection. It bounds the bytes (Config.InboxHard).
const mostUnderWay = 65_535

// Config is the library's Config for these flags. A wrong flag is a usage error.
func (c *Connection) Config() (mqtt.Config, error) {
	cfg := mqtt.Config{
		ClientID: c.ID, MaxInFlight: c.MaxInFlight,
		ReceiveMaximum: c.ReceiveMaximum, MaxPacketSize: c.MaxPacketSize,
		KeepAlive: time.Duration(c.KeepAlive), ConnectTimeout: time.Duration(c.ConnectTimeout),
		Proxy: netx.Proxy{URL: c.Proxy}, Logger: c.app.logger(), Trace: c.app.trace(),
	}
	if c.KeepAlive == 0 && c.given("keepalive") > byDefault {
		cfg.KeepAlive = -1 // off
	}
	for _, set := range []func(*mqtt.Config) error{c.servers, c.identity, c.login, c.version, c.session, c.tls, c.headers, c.will} {
		if err := set(&cfg); err != nil {
			return cfg, err
		}
	}
	err := c.Properties.connect(&cfg)
	if cfg.ReceiveMaximum == 0 {
		cfg.ReceiveMaximum = mostUnderWay
	}
	return cfg, err
}

func (c *Connection) identity(cfg *mqtt.Config) error {
	way, err := c.choose("who the client is", "id", "id-prefix")
	if way == "id-prefix" {
		cfg.ClientID = c.IDPrefix + randomLetters(12)
	}
	return err
}

func (c *Connection) version(cfg *mqtt.Config) (err error) {
	cfg.Version, err = Version(c.Version)
	return err
}

// Version reads the value of --protocol-version.
func Version(text string) (mqtt.Version, error) {
	switch strings.TrimPrefix(strings.ToLower(text), "mqttv") {
	case "auto", "":
		return mqtt.VersionAuto, nil
	case "5", "50", "5.0":
		return mqtt.V5, nil
	case "4", "311", "3.1.1":
		return mqtt.V311, nil
	case "3", "31", "3.1":
		return mqtt.V31, nil
	}
	return 0, Usage("--protocol-version %q: give 5, 311, 31 or auto", text)
}

func (c *Connection) session(cfg *mqtt.Config) error {
	if !c.KeepSession {
		if c.given("session-expiry") == byFlag {
			return Usage("--session-expiry is for a session that is kept; give -c, and -i for its name")
		}
		return nil
	}
	if c.Expiry == 0 && c.given("session-expiry") > byDefault {
		return Usage("--session-expiry 0 keeps no session, and --keep-session does; leave one of them away")
	}
	if cfg.ClientID == "" {
		return Usage("--keep-session needs --id: the server knows a session by the client's id")
	}
	cfg.Session, cfg.SessionExpiry = mqtt.SessionDurable, time.Duration(c.Expiry)
	return nil
}

func (c *Connection) headers(cfg *mqtt.Config) error {
	for _, line := range c.WSHeaders {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return Usage("--ws-header wants 'Name: value', and has no colon") // the line may be a secret
		}
		if cfg.WebSocket.Header == nil {
			cfg.WebSocket.Header = http.Header{}
		}
		cfg.WebSocket.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return nil
}

func (c *Connection) will(cfg *mqtt.Config) error {
	if c.WillTopic == "" {
		if c.given("will-payload", "will-qos", "will-retain") == byFlag {
			return Usage("a will needs --will-topic")
		}
		return nil
	}
	qos, err := QoS("--will-qos", c.WillQoS)
	cfg.Will = &mqtt.Will{Topic: c.WillTopic, Payload: []byte(c.WillPayload), QoS: qos, Retain: c.WillRetain}
	return err
}

// QoS reads the number of a flag.
func QoS(flag string, n int) (mqtt.QoS, error) {
	if n < 0 || n > 2 {
		return 0, Usage("%s %d: a QoS is 0, 1 or 2", flag, n)
	}
	return mqtt.QoS(n), nil
}
