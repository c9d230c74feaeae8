import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'

import { type IpFamily, isIpAddress } from '@purertc/stun'

/** How multicast DNS reaches the link; a test may have another. */
export interface MulticastTransport {
  /** To everybody on all links, or to one asker. */
  send(bytes: Uint8Array, to?: { readonly address: string; readonly port: number }): void
  close(): void
}

/** Bytes are borrowed until the call returns. */
export type MulticastReceived = (
  bytes: Uint8Array,
  from: { readonly address: string; readonly port: number },
) => void

/**
 * The port of multicast DNS (RFC 6762 §3) on all interfaces of this machine, for both families, beside whoever else
 * listens there. Resolves with null where there is no such interface, or the port cannot be had.
 */
export async function openMulticast(received: MulticastReceived): Promise<MulticastTransport | null> {
  const opened = await Promise.all([openFamily('IPv4', received), openFamily('IPv6', received)])
  const families = opened.filter((family) => family !== null)
  if (families.length === 0) return null
  return {
    send: (bytes, to) => {
      for (const family of families)
        if (to === undefined) family.sendToAll(bytes)
        else if (isIpAddress(to.address.replace(/%.*/, '')) === family.family) family.sendTo(bytes, to)
    },
    close: () => {
      for (const family of families) family.close()
    },
  }
}

interface FamilySocket {
  readonly family: IpFamily
  sendToAll(bytes: Uint8Array): void
  sendTo(bytes: Uint8Array, to: { readonly address: string; readonly port: number }): void
  close(): void
}

async function openFamily(family: IpFamily, received: MulticastReceived): Promise<FamilySocket | null> {
  const isIpv6 = family === 'IPv6'
  const group = isIpv6 ? 'ff02::fb' : '224.0.0.251'
  const interfaces = interfacesOf(family)
  if (interfaces.length === 0) return null
  const socket = await bindPort(isIpv6)
  if (socket === null) return null
  socket.unref()
  socket.on('error', () => undefined)
  socket.on('message', (bytes: Buffer, from: RemoteInfo) => received(bytes, from))
  socket.setMulticastTTL(255)
  socket.setMulticastLoopback(true)
  const joined = interfaces.filter((name) => attempt(() => socket.addMembership(group, name)))
  if (joined.length === 0) {
    socket.close()
    return null
  }
  return {
    family,
    sendToAll: (bytes) => {
      for (const name of joined)
        if (attempt(() => socket.setMulticastInterface(name))) send(socket, bytes, PORT, group)
    },
    sendTo: (bytes, { address, port }) => {
      if (port !== 0) send(socket, bytes, port, address)
    },
    close: () => void socket.close(),
  }
}

/** Null where the port cannot be had. */
async function bindPort(isIpv6: boolean): Promise<Socket | null> {
  const socket = createSocket({
    type: isIpv6 ? 'udp6' : 'udp4',
    ipv6Only: isIpv6,
    reuseAddr: true,
    // Without it a send would leave in a later turn, when another interface may be chosen.
    lookup: (host, _options, callback) => callback(null, host, isIpv6 ? 6 : 4),
  })
  try {
    const listening = once(socket, 'listening')
    socket.bind({ port: PORT, exclusive: false })
    await listening
    return socket
  } catch {
    socket.close()
    return null
  }
}

/** What `addMembership` wants: an IPv4 address of the interface, or `::%name`. */
function interfacesOf(family: IpFamily): string[] {
  const names = Object.entries(networkInterfaces()).flatMap(([name, entries = []]) => {
    const entry = entries.find((one) => one.family === family)
    return entry === undefined ? [] : [family === 'IPv6' ? `::%${name}` : entry.address]
  })
  return names.slice(0, MAX_INTERFACES)
}

/** A lost datagram is asked for again, and an interface that is gone has nobody to ask. */
function send(socket: Socket, bytes: Uint8Array, port: number, address: string): void {
  socket.send(new Uint8Array(bytes), port, address, () => undefined)
}

/** False where the system refuses: an interface that cannot multicast, or is gone. */
function attempt(action: () => void): boolean {
  try {
    action()
    return true
  } catch {
    return false
  }
}

const PORT = 5_353
const MAX_INTERFACES = 16
