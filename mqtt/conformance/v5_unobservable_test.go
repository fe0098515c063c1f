package conformance

var unobservable5 = map[string]string{}

var open5 = map[string]string{}
