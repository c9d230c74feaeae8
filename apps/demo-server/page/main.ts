import { SignalingClient } from '@purertc/signaling-client'

import { Link, type LinkSignaling } from './link.ts'
import { View } from './view.ts'

/** The page: joins a channel, and links up with the other peer on it. Who was there first makes the offer. */
let client: SignalingClient | null = null
let link: Link | null = null

const view = new View({
  join: (channel) => void join(channel),
  leave,
  say: (text) => link?.say(text),
  send: (file) => void link?.send(file),
})

async function join(channel: string): Promise<void> {
  const signaling = new SignalingClient({ url: new URL('/signaling', location.href.replace(/^http/, 'ws')) })
  client = signaling
  view.joined(true)
  listenToServer(signaling)
  listenToPeers(signaling)
  try {
    await signaling.connect()
    await signaling.join(channel)
  } catch (error) {
    view.step('signaling', 'failed', error instanceof Error ? error.message : String(error))
    void signaling.close()
  }
}

function listenToServer(signaling: SignalingClient): void {
  signaling.on('joined', ({ count }) => showCount(signaling, count))
  signaling.on('reconnecting', ({ attempt, delay }) =>
    view.step('signaling', 'active', `connection lost, try ${attempt} in ${Math.ceil(delay)} ms`),
  )
  signaling.on('resumed', ({ channel }) => view.step('signaling', 'done', `back on ${channel}, nothing lost`))
  signaling.on('lost', ({ channel }) => view.log(`was away from ${channel} for too long, joins anew`))
  signaling.on('left', ({ reason }) => {
    // A hang-up has ended the session for all who were in it: whoever wants to go on joins anew.
    if (reason === 'hangup') void signaling.close(1000, 'the peer hung up')
  })
  signaling.on('iceServers', ({ iceServers }) => link?.useIceServers(iceServers as RTCIceServer[]))
  signaling.on('error', (error) => view.log(`signalling error ${error.code}: ${error.message}`))
  signaling.on('close', ({ code, reason }) => left(reason === '' ? `closed with ${code}` : reason))
}

function listenToPeers(signaling: SignalingClient): void {
  signaling.on('peerJoined', ({ peer, role, count }) => {
    view.log(`${peer} joined`)
    showCount(signaling, count)
    if (role === 'offerer') linkWith(signaling, peer).offer()
  })
  signaling.on('description', ({ from, description }) => {
    view.log(`received ${description.type} from ${from}`)
    // An offer from a peer that we are not linked with starts a link; everything else belongs to the one we have.
    if (description.type === 'offer' && link?.peer !== from) linkWith(signaling, from)
    guard(link?.describe(description))
  })
  signaling.on('candidate', ({ from, candidate }) => {
    if (candidate) view.log(`was told ${candidate.candidate}`)
    if (link?.peer === from) guard(link.candidate(candidate))
  })
  signaling.on('renegotiate', ({ from, restart }) => {
    if (link?.peer === from) guard(link.renegotiate(restart === true))
  })
  signaling.on('peerLeft', ({ peer, count }) => {
    unlink(peer)
    showCount(signaling, count)
  })
  signaling.on('remoteClose', ({ peer }) => unlink(peer))
}

function showCount({ channel = '', peer = '' }: SignalingClient, count: number): void {
  view.step('signaling', 'done', `on ${channel} as ${peer.slice(0, 8)}, ${count} on the channel`)
}

function leave(): void {
  client?.bye()
  void client?.close(1000, 'left')
}

function left(reason: string): void {
  closeLink()
  client = null
  view.joined(false)
  view.step('signaling', 'idle', `not joined (${reason})`)
}

function linkWith(signaling: SignalingClient, peer: string): Link {
  link?.close()
  const out: LinkSignaling = {
    description: (description) => {
      view.log(`sent ${description.type} to ${peer}`)
      signaling.sendDescription(description, peer)
    },
    candidate: (candidate) => signaling.sendCandidate(candidate, peer),
  }
  link = new Link(peer, [...signaling.iceServers] as RTCIceServer[], out, view)
  return link
}

function unlink(peer: string): void {
  view.log(`${peer} left`)
  if (link?.peer === peer) closeLink()
}

function closeLink(): void {
  link?.close()
  link = null
  view.step('connecting', 'idle', 'no peer')
  view.step('securing', 'idle', 'not secured')
  view.step('communicating', 'idle', 'nobody to talk to')
}

function guard(work: Promise<void> | undefined): void {
  work?.catch((error: unknown) => view.step('connecting', 'failed', String(error)))
}
