import type { RTCConfiguration, RTCDataChannel } from '../../src/index.ts'
import { RTCPeerConnection } from '../../src/node/index.ts'
import type { BrowserPage } from './browsers.ts'
import { agreedChannel, echoScript } from './echo-page.ts'

/** What a browser says of the transport, WebRTC Statistics §7.13. */
export interface BrowserTransport {
  readonly tlsVersion?: string
  readonly dtlsCipher?: string
  readonly tlsGroup?: string
  readonly dtlsRole?: string
  readonly dtlsState?: string
}

/** What came of a connection with a browser. */
export interface Meeting {
  /** What our channel got for `ping`. */
  readonly echo: string
  readonly ours: RTCPeerConnection
  readonly theirs: BrowserTransport
}

/**
 * Connects us with a page, whose end sends back what it gets, and waits for an echo. Who offers is the DTLS server, as
 * everybody answers `a=setup:active`.
 */
export async function meet(
  page: BrowserPage,
  offerer: 'we' | 'browser',
  configuration: RTCConfiguration = {},
): Promise<Meeting> {
  const ours = new RTCPeerConnection({ network: { includeLoopback: true }, ...configuration })
  const channel = ours.createDataChannel('echo', agreedChannel)
  if (offerer === 'we') {
    await ours.setLocalDescription(await ours.createOffer())
    await gathered(ours)
    const answer = await page.evaluate(describeScript(ours.localDescription?.sdp ?? ''))
    await ours.setRemoteDescription({ type: 'answer', sdp: String(answer) })
  } else {
    const offer = await page.evaluate(describeScript(null))
    await ours.setRemoteDescription({ type: 'offer', sdp: String(offer) })
    await ours.setLocalDescription(await ours.createAnswer())
    await gathered(ours)
    await page.evaluate(acceptScript(ours.localDescription?.sdp ?? ''))
  }
  return { echo: await echoOf(channel), ours, theirs: await transportOf(page) }
}

/** What our own end says of the transport. */
export async function ourTransport({ ours }: Meeting): Promise<BrowserTransport> {
  const all = [...(await ours.getStats()).values()] as (BrowserTransport & { readonly type: string })[]
  return all.find(({ type }) => type === 'transport') ?? {}
}

async function transportOf(page: BrowserPage): Promise<BrowserTransport> {
  return (await page.evaluate(transportScript)) as BrowserTransport
}

async function gathered(connection: RTCPeerConnection): Promise<void> {
  while (connection.iceGatheringState !== 'complete')
    await new Promise((resolve) =>
      connection.addEventListener('icegatheringstatechange', resolve, { once: true }),
    )
}

async function echoOf(channel: RTCDataChannel): Promise<string> {
  if (channel.readyState !== 'open')
    await new Promise((resolve) => channel.addEventListener('open', resolve, { once: true }))
  const message = new Promise<string>((resolve) =>
    channel.addEventListener(
      'message',
      (event) => resolve(String((event as unknown as { data: unknown }).data)),
      { once: true },
    ),
  )
  channel.send('ping')
  return message
}

/** Runs in the page, which keeps the connection. An offer is made where none is given. */
const describeScript = (offer: string | null): string => `(async () => {
  const connection = (globalThis.connection = new RTCPeerConnection())
  ${echoScript}
  const offer = ${JSON.stringify(offer)}
  if (offer !== null) await connection.setRemoteDescription({ type: 'offer', sdp: offer })
  await connection.setLocalDescription()
  while (connection.iceGatheringState !== 'complete')
    await new Promise((resolve) => (connection.onicegatheringstatechange = resolve))
  return connection.localDescription.sdp
})()`

const acceptScript = (answer: string): string =>
  `connection.setRemoteDescription({ type: 'answer', sdp: ${JSON.stringify(answer)} })`

const transportScript = `(async () => {
  const all = [...(await connection.getStats()).values()]
  return all.find(({ type }) => type === 'transport') ?? {}
})()`
