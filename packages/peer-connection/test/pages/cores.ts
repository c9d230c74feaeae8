/**
 * The cores as a page loads them, with the portable provider: STUN, then DTLS and a data channel between two ends that
 * pass each other their packets. Bundled and run by `cores-in-chromium.interop.ts`.
 */
import { fromUtf8, Millis, toUtf8 } from '@purertc/bytes'
import { createNobleCrypto } from '@purertc/crypto/noble'
import { DtlsAssociation, type DtlsConfig, type DtlsSession } from '@purertc/dtls'
import { type DataChannelHost, DataChannels } from '@purertc/sctp'
import { parseSession, writeSession } from '@purertc/sdp'
import {
  authenticate,
  MessageBuilder,
  MessageClass,
  Method,
  shortTermKey,
  StunMessage,
  Username,
} from '@purertc/stun'

import { identity } from '../support/identities.ts'

declare const crypto: { getRandomValues(into: Uint8Array): Uint8Array }

export interface Report {
  readonly stunUser: string | undefined
  readonly isSdpWhole: boolean
  readonly version: string
  readonly group: string | null
  readonly echoed: string
}

export function exercise(sdp: string): Report {
  const [session, echoed] = talk('hello from a page')
  return {
    stunUser: readStunUser('evtj:h6vY'),
    isSdpWhole: writeSession(parseSession(sdp)) === sdp,
    version: session.version.toString(16),
    group: session.group?.name ?? null,
    echoed,
  }
}

const provider = createNobleCrypto((into) => void crypto.getRandomValues(into))

function readStunUser(username: string): string | undefined {
  const key = shortTermKey('VOkJxbRl1RmTxUk/WvJxBt')
  const request = new MessageBuilder(Method.binding, MessageClass.request, new Uint8Array(12))
    .add(Username, username)
    .sign(provider, key)
    .finish()
  const message = StunMessage.decode(request)
  return (message !== null && authenticate(provider, message, key)?.get(Username)) || undefined
}

/** Two ends in one page; what the client's channel gets back for `text`. */
function talk(text: string): [session: DtlsSession, echoed: string] {
  const certificate = identity(provider, 0)
  const common = { crypto: provider, certificate, verify: { fingerprints: [certificate.fingerprint()] } }
  const client = new End({ ...common, role: 'client' })
  const server = new End({ ...common, role: 'server', cookie: 'verified-path' })
  let echoed: string | undefined
  server.received = (data, reply) => reply(data)
  client.received = (data) => (echoed = data)
  client.dtls.connect(now)
  const channel = client.channels.open(now, { label: 'echo' })
  let isSent = false
  for (let turn = 0; turn < 100 && echoed === undefined; turn++) {
    for (const datagram of client.outgoing.splice(0)) server.dtls.handleDatagram(now, datagram)
    for (const datagram of server.outgoing.splice(0)) client.dtls.handleDatagram(now, datagram)
    if (client.isOpen && !isSent) {
      client.channels.send(now, channel, toUtf8(text), true)
      isSent = true
    }
  }
  if (client.session === null || echoed === undefined) throw new Error('the ends did not meet')
  return [client.session, echoed]
}

/** Data channels over DTLS over nothing. */
class End {
  readonly dtls: DtlsAssociation
  readonly channels: DataChannels
  readonly outgoing: Uint8Array[] = []
  session: DtlsSession | null = null
  isOpen = false
  received: (data: string, reply: (text: string) => void) => void = () => undefined

  constructor(config: DtlsConfig) {
    const { role } = config
    this.channels = new DataChannels({ crypto: config.crypto, dtlsRole: role }, {
      ...IGNORED,
      transmit: (packet) => this.dtls.send(now, packet),
      opened: () => (this.isOpen = true),
      received: (_now, channel, data) =>
        this.received(fromUtf8(data), (text) => this.channels.send(now, channel, toUtf8(text), true)),
    } satisfies DataChannelHost)
    this.dtls = new DtlsAssociation(config, {
      transmit: (datagram) => this.outgoing.push(datagram.slice()),
      connected: (session) => {
        this.session = session
        this.channels.connect(now)
      },
      received: (_now, packet) => this.channels.handlePacket(now, packet),
      closed: () => undefined,
    })
  }
}

/** Nothing is lost here, so that no time need pass. */
const now = Millis(0)

const IGNORED = {
  associationConnected() {},
  associationClosed() {},
  channelOpened() {},
  bufferedAmountLow() {},
  channelClosing() {},
  channelClosed() {},
}
