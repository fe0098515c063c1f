package netx

import (
	"cmp"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseAddress reads host:port, each of them optional. No error repeats what it read: it may be a piece of a password.
func parseAddress(s *Server, hostPort string) error {
	cut := cutHost
	if strings.HasPrefix(hostPort, "[") {
		cut = cutIPv6
	}
	host, port, err := cut(hostPort)
	if err != nil {
		return err
	}
	s.Host = cmp.Or(host, "localhost")
	if port == "" {
		return nil
	}
	return parsePort(s, port)
}

// cutHost leaves names to the resolver, but for characters that have another meaning in a URL or none at all.
func cutHost(hostPort string) (host, port string, err error) {
	host, port, _ = strings.Cut(hostPort, ":")
	if strings.Contains(port, ":") {
		return "", "", errors.New("an IPv6 address must stand in brackets: write mqtt://[::1]:1883")
	}
	if !utf8.ValidString(host) || strings.ContainsFunc(host, notInHost) {
		return "", "", errors.New("the host holds a character that no host has")
	}
	return host, port, nil
}

func notInHost(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune("\"<>\\^`{|}%[]", r) }

func cutIPv6(hostPort string) (host, port string, err error) {
	inside, after, closed := strings.Cut(hostPort[1:], "]")
	if !closed {
		return "", "", errors.New("the ] after an IPv6 address is missing: write mqtt://[::1]:1883")
	}
	before, port, _ := strings.Cut(after, ":")
	if before != "" {
		return "", "", errors.New("after the ] of an IPv6 address comes :port or nothing: write mqtt://[::1]:1883")
	}
	host, err = parseIPv6(inside)
	return host, port, err
}

func parsePort(s *Server, port string) error {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return errors.New("the port is not a number from 1 to 65535: " + writeInstead)
	}
	s.Port = strconv.FormatUint(n, 10)
	return nil
}

// parseIPv6 reads what stands in brackets. The % before a zone is written %25 (RFC 6874), or bare, as most tools show it.
func parseIPv6(literal string) (string, error) {
	address, zone, hasZone := strings.Cut(literal, "%")
	zone = strings.TrimPrefix(zone, "25")
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is6() {
		return "", errors.New("what stands in brackets is not an IPv6 address: write mqtt://[::1]:1883")
	}
	if !hasZone {
		return address, nil
	}
	if zone == "" || strings.ContainsFunc(zone, notInZone) {
		return "", errors.New("the zone of the IPv6 address is not a name: write mqtt://[fe80::1%25eth0]:1883")
	}
	return address + "%" + zone, nil
}

func notInZone(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._~", r)
}
