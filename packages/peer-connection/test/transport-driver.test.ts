import { createSocket } from 'node:dgram'
import { once } from 'node:events'

import { monotonicNow } from '@purertc/bytes/node'
import { nodeCrypto } from '@purertc/crypto/node'
import { generateCertificate } from '@purertc/dtls/node'
import { formatCandidate, type IceRole } from '@purertc/ice'
import { afterAll, expect, jest, test } from '@jest/globals'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import type { DriverHost } from '../src/environment.ts'
import {
  PeerTransport,
  type PeerTransportConfig,
  type PeerTransportHost,
  type TransportAgreement,
} from '../src/index.ts'
import { NodeTransportDriver } from '../src/node/index.ts'
import { trafficOf } from '../src/transport/demultiplex.ts'

const certificate = await generateCertificate()
const closing: (() => void)[] = []

afterAll(() => {
  for (const close of closing) close()
})

const configOf = (iceRole: IceRole): PeerTransportConfig => ({ crypto: nodeCrypto, iceRole })

const agreementWith = (peer: PeerTransport, dtlsRole: 'client' | 'server'): TransportAgreement => ({
  mode: 'datagram',
  dtlsRole,
  certificate,
  remoteCredentials: peer.localCredentials,
  remoteFingerprints: [certificate.fingerprint()],
})

/** A host that minds nothing but what the test asks about. */
const hostWith = (interest: Partial<PeerTransportHost>): PeerTransportHost => ({
  transmit: ignore,
  released: ignore,
  ...driverHostWith(interest),
})

const driverHostWith = (interest: Partial<DriverHost>): DriverHost => ({
  candidateGathered: ignore,
  candidateError: ignore,
  gatheringStateChanged: ignore,
  iceStateChanged: ignore,
  pairSelected: ignore,
  pairFailed: ignore,
  dtlsStateChanged: ignore,
  secured: ignore,
  connected: ignore,
  channelOpened: ignore,
  opened: ignore,
  received: ignore,
  bufferedAmountLow: ignore,
  channelClosing: ignore,
  channelClosed: ignore,
  datagramReceived: ignore,
  closed: ignore,
  serverUnusable: ignore,
  ...interest,
})

const ignore = (): void => undefined

test('what a datagram makes the transport wait for comes in time, though nothing else happens', async () => {
  stopClock()
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closing.push(() => socket.close())
  const local = { family: 'IPv4', address: '127.0.0.1', port: socket.address().port } as const

  let gathered: (line: string) => void = () => undefined
  const driver = new NodeTransportDriver(
    configOf('controlling'),
    { addresses: ['127.0.0.1'] },
    driverHostWith({ candidateGathered: (found) => found && gathered(formatCandidate(found)) }),
  )
  closing.push(() => driver.close())
  const candidate = await new Promise<string>((resolve) => {
    gathered = resolve
    driver.gather([])
  })

  // It has no timers, and says nothing that it is not asked; of DTLS nothing at all.
  let datagrams = 0
  const peer = new PeerTransport(
    configOf('controlled'),
    hostWith({
      transmit: (_socket, to, bytes) => socket.send(new Uint8Array(bytes), to.port, to.address),
    }),
  )
  socket.on('message', (bytes, { address, port }) => {
    if (trafficOf(bytes) === 'stun')
      peer.handleDatagram(monotonicNow(), 0, { family: 'IPv4', address, port }, bytes)
    else datagrams++
  })
  const now = monotonicNow()
  peer.gather(now, [{ id: 0, address: local }])
  driver.run((transport) => peer.start(now, agreementWith(transport, 'server')))
  driver.run((transport, at) => transport.start(at, agreementWith(peer, 'client')))
  peer.addRemoteCandidate(now, candidate)
  const [own] = peer.statistics.ice.candidates
  if (own !== undefined) driver.run((transport, at) => transport.addRemoteCandidate(at, formatCandidate(own)))
  await eventually(() => {
    // Checks are paced.
    if (datagrams === 0) jest.advanceTimersByTime(1)
    return datagrams === DATAGRAMS_OF_A_HELLO
  })
  // After the 100 ms of DTLS, and not when a check would be sent again, which is what the timer was set for.
  jest.advanceTimersByTime(100)
  await eventually(() => datagrams > DATAGRAMS_OF_A_HELLO)
  expect(datagrams).toBeLessThanOrEqual(2 * DATAGRAMS_OF_A_HELLO)
})

const DATAGRAMS_OF_A_HELLO = 2
