package codec

// A set of packets, one bit a type.
const (
	ca uint16 = 1 << TypeConnAck
	pa uint16 = 1 << TypePubAck
	pr uint16 = 1 << TypePubRec
	pl uint16 = 1 << TypePubRel
	pc uint16 = 1 << TypePubComp
	sa uint16 = 1 << TypeSubAck
	ua uint16 = 1 << TypeUnsubAck
	di uint16 = 1 << TypeDisconnect
	au uint16 = 1 << TypeAuth
)

// reasonTable says in which packets either side may send a code: the tables of §3.2.2.2 to §3.15.2.1.
var reasonTable = [256]struct{ client, server uint16 }{
	Success:                             {pa | pr | pl | pc | di, ca | pa | pr | pl | pc | sa | ua | di | au},
	GrantedQoS1:                         {0, sa},
	GrantedQoS2:                         {0, sa},
	DisconnectWithWill:                  {di, 0},
	NoMatchingSubscribers:               {0, pa | pr},
	NoSubscriptionExisted:               {0, ua},
	ContinueAuthentication:              {au, au},
	ReAuthenticate:                      {au, 0},
	UnspecifiedError:                    {pa | pr | di, ca | pa | pr | sa | ua | di},
	MalformedPacket:                     {di, ca | di},
	ProtocolError:                       {di, ca | di},
	ImplementationSpecificError:         {pa | pr | di, ca | pa | pr | sa | ua | di},
	UnsupportedProtocolVersion:          {0, ca},
	ClientIdentifierNotValid:            {0, ca},
	BadUserNameOrPassword:               {0, ca},
	NotAuthorized:                       {pa | pr, ca | pa | pr | sa | ua | di},
	ServerUnavailable:                   {0, ca},
	ServerBusy:                          {0, ca | di},
	Banned:                              {0, ca},
	ServerShuttingDown:                  {0, di},
	BadAuthenticationMethod:             {0, ca},
	KeepAliveTimeout:                    {0, di},
	SessionTakenOver:                    {0, di},
	TopicFilterInvalid:                  {0, sa | ua | di},
	TopicNameInvalid:                    {pa | pr | di, ca | pa | pr | di},
	PacketIdentifierInUse:               {pa | pr, pa | pr | sa | ua},
	PacketIdentifierNotFound:            {pl | pc, pl | pc},
	ReceiveMaximumExceeded:              {di, di},
	TopicAliasInvalid:                   {di, di},
	PacketTooLarge:                      {di, ca | di},
	MessageRateTooHigh:                  {di, di},
	QuotaExceeded:                       {pa | pr | di, ca | pa | pr | sa | di},
	AdministrativeAction:                {di, di},
	PayloadFormatInvalid:                {pa | pr | di, ca | pa | pr | di},
	RetainNotSupported:                  {0, ca | di},
	QoSNotSupported:                     {0, ca | di},
	UseAnotherServer:                    {0, ca | di},
	ServerMoved:                         {0, ca | di},
	SharedSubscriptionsNotSupported:     {0, sa | di},
	ConnectionRateExceeded:              {0, ca | di},
	MaximumConnectTime:                  {0, di},
	SubscriptionIdentifiersNotSupported: {0, sa | di},
	WildcardSubscriptionsNotSupported:   {0, sa | di},
}

// AllowedIn reports whether that side may send the code in a packet of type t on 5.0 (§2.4 and the packet's own table).
func (c ReasonCode) AllowedIn(t Type, from Side) bool {
	set := reasonTable[c].client
	if from == FromServer {
		set = reasonTable[c].server
	}
	return t <= TypeAuth && set>>t&1 != 0
}

// accepted is AllowedIn for a reader. The specification contradicts itself on 0x8C and 0x9B in a DISCONNECT (its overview
// and §3.3.4 against the table of §3.14.2.1): a peer that sends them has good reasons, so we take them from either side.
func (c ReasonCode) accepted(t Type, from Side) bool {
	if t == TypeDisconnect && (c == BadAuthenticationMethod || c == QoSNotSupported) {
		return true
	}
	return c.AllowedIn(t, from)
}

// sendable reports whether somebody may send the code in a packet of type t.
func (c ReasonCode) sendable(t Type) bool {
	return c.accepted(t, FromClient) || c.accepted(t, FromServer)
}
