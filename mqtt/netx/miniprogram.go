package netx

// appOf names the app in whose mini-programs a scheme works; it is empty for any other scheme.
func appOf(scheme string) string {
	switch scheme {
	case "wxs":
		return "WeChat"
	case "alis":
		return "Alipay"
	}
	return ""
}
