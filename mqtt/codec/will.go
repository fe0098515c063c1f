package codec

import "unicode/utf8"

// Will is the message that the server publishes when the connection ends badly (§3.1.2.5).
type Will struct {
	Topic      string // a Topic Name, never empty
	Payload    []byte // at most 65,535 bytes
	QoS        QoS
	Retain     bool
	Properties *WillProperties // nil for none
}

// WillProperties are the properties of a will (§3.1.3.2). The zero value of a field means that it isn't sent.
type WillProperties struct {
	WillDelayInterval      uint32  // in seconds
	PayloadFormatIndicator byte    // 0 for bytes, 1 for UTF-8; the Payload is then checked
	MessageExpiryInterval  *uint32 // in seconds; nil for never
	ContentType            string
	ResponseTopic          string // a Topic Name
	CorrelationData        []byte // nil for absent
	UserProperties         []UserProperty
}

func (w *Will) append(e *encoder, v Version) {
	if w.QoS > ExactlyOnce {
		e.fail(MalformedPacket, "3.1.2.6", "will QoS is above 2")
	}
	if code, fault := w.fault(v); fault != "" {
		e.fail(code, "3.1.3.3", fault)
	}
	if v == V5 {
		w.Properties.append(e)
	}
	e.text(w.Topic, "3.1.3.3", "will topic")
	e.binary(w.Payload, "3.1.3.4", "will payload")
}

// fault judges topic and payload.
func (w *Will) fault(v Version) (code ReasonCode, fault string) {
	if code, fault := nameFault(w.Topic); fault != "" {
		return code, "will topic " + fault
	}
	if v == V5 && w.Properties != nil && w.Properties.PayloadFormatIndicator == 1 && !utf8.Valid(w.Payload) {
		return PayloadFormatInvalid, "will payload is announced as UTF-8 and isn't"
	}
	return 0, ""
}

func (w *Will) decode(r *decoder, v Version) {
	if v == V5 {
		w.Properties = decodeWillProperties(r)
	}
	w.Topic = r.text("3.1.3.3", "will topic")
	w.Payload = r.binary("3.1.3.4", "will payload")
	if code, fault := w.fault(v); fault != "" {
		r.fail(code, "3.1.3.3", fault)
	}
}

func (p *WillProperties) append(e *encoder) {
	at := e.openBlock(willBlock)
	if p != nil {
		e.nonZero(idWillDelayInterval, p.WillDelayInterval)
		e.nonZero(idPayloadFormatIndicator, uint32(p.PayloadFormatIndicator))
		e.optional(idMessageExpiryInterval, p.MessageExpiryInterval)
		e.string(idContentType, p.ContentType)
		e.topic(idResponseTopic, p.ResponseTopic)
		e.bytes(idCorrelationData, p.CorrelationData)
		e.userProperties(p.UserProperties)
	}
	e.closeBlock(at)
}

func decodeWillProperties(r *decoder) *WillProperties {
	in, more := r.properties(willBlock)
	if !more {
		return nil
	}
	p := new(WillProperties)
	for in.next() {
		switch in.id {
		case idWillDelayInterval:
			p.WillDelayInterval = in.number
		case idPayloadFormatIndicator:
			p.PayloadFormatIndicator = byte(in.number)
		case idMessageExpiryInterval:
			p.MessageExpiryInterval = new(in.number)
		case idContentType:
			p.ContentType = in.string()
		case idResponseTopic:
			p.ResponseTopic = in.topic()
		case idCorrelationData:
			p.CorrelationData = in.bytes()
		case idUserProperty:
			p.UserProperties = in.userProperty(p.UserProperties)
		}
	}
	r.close(&in)
	return p
}
