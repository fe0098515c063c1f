// Does one order with MQTT.js, and prints the result as JSON in its last line (order.go has both).
//
// There are no goroutines here: so many blocking ones are so many messages in flight.
const mqtt = require('mqtt')
const order = JSON.parse(process.argv[2])

const works = { publish, receive, trip, reconnect }
if (!works[order.Work]) {
  const why = order.Work === 'idle' ? 'the memory of a connection is measured of Go clients only' : "it doesn't do " + order.Work
  console.log(JSON.stringify({ Cannot: why }))
  process.exit(0)
}

function fail (error) {
  console.error(error)
  process.exit(1)
}

function connect (clientId, then) {
  const c = mqtt.connect(order.URL, {
    ca: order.CA || undefined, protocolVersion: order.Version, clientId, clean: order.Work !== 'reconnect',
    autoAssignTopicAlias: order.Aliases
  })
  c.on('error', (error) => { if (!ending) fail(error) }) // a server may end it first
  c.on('connect', () => c.stream.setNoDelay?.(true)) // it's faster with it here
  c.once('connect', then)
  return c
}
const client = connect(order.Client, () => works[order.Work]())
client.on('close', () => { if (!ending && order.Work !== 'reconnect') fail(new Error('the connection was lost')) })

let start, used
function begin () {
  used = process.cpuUsage()
  start = process.hrtime.bigint()
}

let ending = false
function end (more) {
  const Seconds = Number(process.hrtime.bigint() - start) / 1e9
  const { user, system } = process.cpuUsage(used)
  ending = true
  client.end(false, {}, () => {
    console.log(JSON.stringify({ N: order.N, Seconds, CPU: (user + system) / 1e6, Allocations: -1, AllocBytes: -1, ...more }))
  })
}

function several (n, before) {
  return Array.from({ length: n }, (_, i) => before + String(i).padStart(before.startsWith('long') ? 3 : 6, '0'))
}

function topics () {
  if (order.Aliases) return several(20, 'long/'.repeat(15) + 'x/')
  if (order.Streams > 0) return several(order.Streams, 'bench/topic/')
  return ['bench/topic']
}

// What is in a payload is told in payload.go.
const block = 1024
const size = Math.max(16, order.Size)
const filled = Buffer.alloc(size, (() => {
  const filler = Buffer.alloc(block)
  for (let i = 0, x = 1; i < block; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0
    filler[i] = x >>> 16
  }
  return filler
})())
filled.writeUInt32BE(0, 0)

function number (payload, sequence) {
  for (let at = 0; at + 12 <= size; at += block) {
    payload.writeUInt32BE(Math.floor(sequence / 2 ** 32) + at / block * 256, at + 4)
    payload.writeUInt32BE(sequence % 2 ** 32, at + 8)
  }
}

// The client keeps a message until it is acknowledged, so each has a payload of its own.
function payload (sequence) {
  const p = Buffer.from(filled)
  number(p, sequence)
  return p
}

// checker gives a function for each message that a receiver takes: it checks its sequence, all of it (each eighth of large ones), and
// now and then one again that has been there for a while, as expectation.go does. The other function looks at all that is held.
const large = 4096
function checker (streams) {
  const wanted = Buffer.from(filled)
  const same = (message, sequence) => {
    number(wanted, sequence)
    return message.equals(wanted)
  }
  const next = Array.from({ length: streams }, (_, i) => i)
  const held = Array(Math.min(64, 2 + Math.floor(2 ** 20 / size)))
  const every = Math.max(8, Math.floor(2 ** 20 / (size * held.length)))
  let taken = 0
  const look = (h) => {
    if (h && !same(h.message, h.sequence)) fail(new Error(`message ${h.sequence} was written over after it had been taken`))
  }
  const take = (stream, message) => {
    const sequence = next[stream]
    if (message.length !== size) fail(new Error(`a payload of ${message.length} bytes came as message ${sequence}, want ${size}`))
    const came = message.readUInt32BE(4) * 2 ** 32 + message.readUInt32BE(8)
    if (came !== sequence) fail(new Error(`message ${came} came, want ${sequence}`))
    if ((size <= large || taken % 8 === 0) && !same(message, sequence)) fail(new Error(`message ${came} came with bytes that aren't its own`))
    if (taken % every === 0) {
      const at = taken / every % held.length
      look(held[at])
      held[at] = { message, sequence }
    }
    next[stream] += streams
    taken++
  }
  return { take, end: () => held.forEach(look) }
}

// At QoS 0 the callback comes when the socket takes more, often at once. To wait for each is the fastest, and bounds the memory.
const window = order.QoS === 0 ? 1 : order.Window || order.Goroutines || 1
// What a burst of acknowledgements has made room for leaves in one write.
const later = window > 1 ? setImmediate : (f) => f()

// stretch publishes to topics in turn as long as there is more, and waits for all outcomes.
function stretch (client, topics, options, more, then) {
  let begun = 0
  let done = 0
  let filling = false
  const fill = () => {
    filling = true
    while (begun - done < window && more(begun)) {
      const i = begun++
      client.publish(topics[i % topics.length], payload(i), options, (error) => {
        if (error) fail(error)
        done++
        if (!filling) {
          filling = true
          later(fill)
        }
      })
    }
    filling = false
    if (begun === done) then() // or its room would be filled
  }
  fill()
}

// warm has the machine code made before it is measured, with messages of another ClientID, which the server isn't asked for; those
// for a real server have a topic that nobody subscribes to.
function warm (options, then) {
  const until = Date.now() + order.Warm
  const other = connect(order.Client + '-warm', () => {
    stretch(other, order.Broker ? ['count'] : topics(), options, () => Date.now() < until, () => other.end(false, {}, then))
  })
}

function publish () {
  const options = { qos: order.QoS }
  if (order.Properties) {
    options.properties = {
      userProperties: { unit: 'kelvin' }, contentType: 'application/octet-stream',
      responseTopic: 'bench/response', correlationData: Buffer.from('12345678')
    }
  }
  warm(options, () => {
    begin()
    stretch(client, topics(), options, (begun) => begun < order.N, () => {
      if (order.QoS === 0) client.publish('count', '', { qos: 1 }, (error) => error ? fail(error) : end())
      else end()
    })
  })
}

// There is one event for all messages; who has handlers for topics looks them up.
function receive () {
  const all = topics()
  let check, left, then, again
  const take = (stream, message) => {
    check.take(stream, message)
    if (--left > 0) return
    check.end()
    then()
  }
  if (order.Streams > 0) {
    const handlers = new Map(all.map((topic, i) => [topic, (message) => take(i, message)]))
    client.on('message', (topic, message) => handlers.get(topic)(message))
  } else {
    client.on('message', (topic, message) => take(0, message))
  }
  const flood = (n, done) => {
    check = checker(all.length)
    left = n
    then = done
    if (order.Broker) {
      client.publish('ready/' + order.Client, '', { qos: 1 }, (error) => { if (error) fail(error) })
      return
    }
    const request = ['flood', order.QoS, order.Size, n, order.Streams, order.Window || 1000, order.Properties ? 1 : 0].join('/')
    client.subscribe(request, { qos: order.QoS }, (error) => { if (error) fail(error) })
    again = () => client.unsubscribe(request, warm) // or it wouldn't ask for the same once more
  }
  const measure = () => {
    begin()
    flood(order.N, () => end())
  }
  const until = Date.now() + order.Warm
  const warm = () => {
    if (Date.now() < until && !order.Broker) flood(Math.min(order.N, 2000), () => setImmediate(again)) // behind the acknowledgement
    else measure()
  }
  client.subscribe(all, { qos: order.QoS }, (error) => error ? fail(error) : warm())
}

function trip () {
  const took = new Float64Array(order.N)
  let i = 0
  const next = () => {
    const from = process.hrtime.bigint()
    client.publish('bench/topic', payload(i), { qos: order.QoS }, (error) => {
      if (error) fail(error)
      took[i] = Number(process.hrtime.bigint() - from) / 1e3
      if (++i < order.N) return next()
      took.sort()
      const at = (share) => took[Math.min(order.N - 1, Math.floor(share * order.N))]
      end({ P50: at(0.5), P99: at(0.99), P999: at(0.999) })
    })
  }
  warm({ qos: order.QoS }, () => {
    begin()
    next()
  })
}

// reconnect is measured from the second dial.
function reconnect () {
  let dialled = false
  client.once('reconnect', () => {
    dialled = true
    begin()
  })
  warm({ qos: 1 }, () => client.subscribe('hold/' + order.N, (error) => {
    if (error) fail(error)
    let done = 0
    for (let i = 0; i < order.N; i++) {
      client.publish('bench/topic', payload(i), { qos: 1 }, (error) => {
        if (error) fail(error)
        if (!dialled) fail(new Error('a message was acknowledged that the server has held'))
        if (++done === order.N) end()
      })
    }
  }))
}
