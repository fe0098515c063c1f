package proxytest

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// askedByCONNECT is RFC 9110 §9.3.6.
func askedByCONNECT(conn net.Conn, cfg *Config) (string, func(error) error) {
	request, err := http.ReadRequest(bufio.NewReader(conn)) // a client says no more before it has its answer
	if err != nil || request.Method != http.MethodConnect {
		fmt.Fprint(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		return "", nil
	}
	wanted := "Basic " + base64.StdEncoding.EncodeToString([]byte(cfg.User+":"+cfg.Password))
	if cfg.User != "" && request.Header.Get("Proxy-Authorization") != wanted {
		fmt.Fprint(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 12\r\n\r\nwho are you?")
		return "", nil
	}
	return request.Host, func(err error) error {
		if err != nil {
			_, err = fmt.Fprintf(conn, "HTTP/1.1 502 Bad Gateway\r\n\r\n%v", err)
			return err
		}
		_, err = fmt.Fprint(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		return err
	}
}

const (
	version5    = 5
	noMethod    = 0xFF
	byPassword  = 2
	unreachable = 4 // the reply "host unreachable"
)

// askedBySOCKS is RFC 1928, with RFC 1929 for the password.
func askedBySOCKS(conn net.Conn, cfg *Config) (string, func(error) error) {
	methods, err := counted(conn, 1)
	if err != nil || !authenticated(conn, cfg, methods) {
		return "", nil
	}
	target, err := readTarget(conn)
	if err != nil {
		return "", nil
	}
	return target, func(err error) error {
		reply := []byte{version5, 0, 0, 1, 0, 0, 0, 0, 0, 0}
		if err != nil {
			reply[1] = unreachable
		}
		_, err = conn.Write(reply)
		return err
	}
}

func authenticated(conn net.Conn, cfg *Config, methods string) bool {
	if cfg.User == "" {
		_, err := conn.Write([]byte{version5, 0})
		return err == nil
	}
	method := byte(noMethod)
	for i := range len(methods) {
		if methods[i] == byPassword {
			method = byPassword
		}
	}
	if _, err := conn.Write([]byte{version5, method}); err != nil || method == noMethod {
		return false
	}
	user, err := counted(conn, 1)
	if err != nil {
		return false
	}
	password, err := counted(conn, 0)
	if err != nil {
		return false
	}
	good := user == cfg.User && password == cfg.Password
	answer := []byte{1, 0}
	if !good {
		answer[1] = 1
	}
	_, err = conn.Write(answer)
	return err == nil && good
}

// readTarget reads a request to connect.
func readTarget(conn net.Conn) (string, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(conn, head); err != nil {
		return "", err
	}
	host := ""
	switch head[3] {
	case 1, 4: // an IPv4 or IPv6 address
		ip := make(net.IP, int(head[3])*4)
		if _, err := io.ReadFull(conn, ip); err != nil {
			return "", err
		}
		host = ip.String()
	default: // a name
		var err error
		if host, err = counted(conn, 0); err != nil {
			return "", err
		}
	}
	port := make([]byte, 2)
	_, err := io.ReadFull(conn, port)
	return net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1]))), err
}

// counted reads bytes behind their number, which stands behind skip others.
func counted(conn net.Conn, skip int) (string, error) {
	head := make([]byte, skip+1)
	if _, err := io.ReadFull(conn, head); err != nil {
		return "", err
	}
	text := make([]byte, head[skip])
	_, err := io.ReadFull(conn, text)
	return string(text), err
}
