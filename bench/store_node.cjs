// Publishes with MQTT.js and a level store as it is told by its argument, and prints how many seconds that took.
const mqtt = require('mqtt')
const { address, client, folder, topic, n, size, window } = JSON.parse(process.argv[2])

const stores = require('mqtt-level-store')(folder)
const connection = mqtt.connect(address, {
  clientId: client, protocolVersion: 4, clean: false, reconnectPeriod: 0,
  incomingStore: stores.incoming, outgoingStore: stores.outgoing
})
const payload = Buffer.alloc(size)

function fail (error) {
  console.error(error)
  process.exit(1)
}

connection.on('error', fail)
connection.once('connect', () => {
  const start = process.hrtime.bigint()
  let begun = 0
  let done = 0
  const next = () => {
    begun++
    connection.publish(topic, payload, { qos: 1 }, (error) => {
      if (error) fail(error)
      if (++done === n) {
        const seconds = Number(process.hrtime.bigint() - start) / 1e9
        connection.end(false, {}, () => console.log(seconds))
      } else if (begun < n) {
        next()
      }
    })
  }
  while (begun < Math.min(window, n)) next()
})
