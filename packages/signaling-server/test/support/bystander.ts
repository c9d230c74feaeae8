/** A client in a process of its own, which joins a channel and listens: `URL CHANNEL PEER`. */
import { TestClient } from '../test-client.ts'

const [url = '', channel = '', peer = ''] = process.argv.slice(2)
const client = new TestClient(url)
await client.next()
client.say({ type: 'join', channel, peer, resumable: true })
await client.next()
process.on('disconnect', () => process.exit(0))
process.send?.('joined')
