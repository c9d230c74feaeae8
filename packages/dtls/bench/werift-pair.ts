import { DtlsClient, DtlsServer } from 'werift'

import { type Issued, toPem } from '../test/authority.ts'

/** One handshake of werift's, both ends: each transport hands over to the other. */
export async function shakeWerift(client: Issued, server: Issued): Promise<void> {
  const address: [string, number] = ['127.0.0.1', 5_000]
  type Transport = ConstructorParameters<typeof DtlsClient>[0]['transport']
  const makeTransport = (): Transport => ({
    type: 'udp',
    address: { address: address[0], port: address[1], family: 'IPv4' },
    closed: false,
    onData: () => undefined,
    send: () => Promise.resolve(),
    close: () => Promise.resolve(),
  })
  const ends = [makeTransport(), makeTransport()] as const
  ends[0].send = (data) => (setImmediate(() => ends[1].onData(Buffer.from(data), address)), Promise.resolve())
  ends[1].send = (data) => (setImmediate(() => ends[0].onData(Buffer.from(data), address)), Promise.resolve())
  const identity = (
    issued: Issued,
  ): { cert: string; key: string; signatureHash: { hash: 4; signature: 3 } } => ({
    cert: toPem('CERTIFICATE', issued.der),
    key: toPem('PRIVATE KEY', issued.pkcs8),
    signatureHash: { hash: 4, signature: 3 },
  })
  const common = { extendedMasterSecret: true, certificateRequest: true }
  const their = new DtlsServer({ ...identity(server), ...common, transport: ends[1] })
  const our = new DtlsClient({ ...identity(client), ...common, transport: ends[0] })
  const connected = [our, their].map(
    (end) => new Promise<void>((resolve) => end.onConnect.once(() => resolve())),
  )
  await our.connect()
  await Promise.all(connected)
  our.close()
  their.close()
}
