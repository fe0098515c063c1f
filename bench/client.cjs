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

const [host, port] = order.Address.split(':')
function connect (clientId, then) {
  const c = mqtt.connect({
    host, port: Number(port), protocol: 'mqtt', protocolVersion: order.Version, clientId, clean: order.Work !== 'reconnect',
    autoAssignTopicAlias: order.Aliases
  })
  c.on('error', (error) => { if (!ending) fail(error) }) // a server may end it first
  c.on('connect', () => c.stream.setNoDelay(true)) // it's faster with it here
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

// The client keeps a message until it is acknowledged, so each has a payload of its own.
const empty = Buffer.alloc(Math.max(16, order.Size))
function payload (sequence) {
  const p = Buffer.from(empty)
  p.writeUInt32BE(Math.floor(sequence / 2 ** 32), 4)
  p.writeUInt32BE(sequence % 2 ** 32, 8)
  return p
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
const warmth = 500 // ms
function warm (options, then) {
  const until = Date.now() + warmth
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
  let next, left, then, again
  const take = (stream, message) => {
    const sequence = message.readUInt32BE(4) * 2 ** 32 + message.readUInt32BE(8)
    if (sequence !== next[stream]) fail(new Error(`message ${sequence} came, want ${next[stream]}`))
    next[stream] += all.length
    if (--left === 0) then()
  }
  if (order.Streams > 0) {
    const handlers = new Map(all.map((topic, i) => [topic, (message) => take(i, message)]))
    client.on('message', (topic, message) => handlers.get(topic)(message))
  } else {
    client.on('message', (topic, message) => take(0, message))
  }
  const flood = (n, done) => {
    next = all.map((_, i) => i)
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
  const until = Date.now() + warmth
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
