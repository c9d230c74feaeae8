import { createSocket } from 'node:dgram'

/**
 * Finds the control of a gateway's port mappings, UPnP Device Architecture 1.1 §1.3 and Internet Gateway Device 1: a search
 * on the link, and the description that the answer points to. Only the gateway's own answer counts, and only if it points to
 * the gateway itself: anybody on the link could send this machine to any other address.
 */
export interface UpnpService {
  readonly url: string
  /** `urn:schemas-upnp-org:service:WANIPConnection:1`, for instance. */
  readonly type: string
}

/** Null where the gateway does not answer in time, or has no such service. Does not reject. */
export async function findUpnpService(
  local: string,
  gateway: string,
  port: number,
): Promise<UpnpService | null> {
  const location = await searchGateway(local, gateway, port)
  if (location === null) return null
  const description = await fetchText(location)
  return description === null ? null : serviceOf(description, location)
}

/** At most {@link MAX_TEXT} characters of what is at a URL; null for anything but that. */
export async function fetchText(url: string, init: RequestInit = {}): Promise<string | null> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(PATIENCE) })
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      // Leaving the loop ends the connection.
      if (text.length > MAX_TEXT) return null
    }
    return text
  } catch {
    return null
  }
}

/** Reads a device description: of its services the first that maps ports. */
export function serviceOf(description: string, location: string): UpnpService | null {
  for (const [, service = ''] of description.matchAll(/<service>([^]*?)<\/service>/g)) {
    const type = elementOf(service, 'serviceType')
    const path = elementOf(service, 'controlURL')
    if (type === null || path === null || !SERVICE.test(type) || !URL.canParse(path, location)) continue
    const url = new URL(path, location)
    if (url.host === new URL(location).host && url.protocol === 'http:') return { url: url.href, type }
  }
  return null
}

/** The text of the first element of that name; null where there is none. */
export function elementOf(xml: string, name: string): string | null {
  return new RegExp(`<${name}>\\s*([^<]{1,512}?)\\s*</${name}>`).exec(xml)?.[1] ?? null
}

/** The URL in a search's answer, if it is the gateway's. */
export function locationOf(answer: string, gateway: string): string | null {
  if (!/^HTTP\/1\.1 200 /i.test(answer)) return null
  const location = /^location:\s*(\S{1,512})\s*$/im.exec(answer)?.[1]
  if (location === undefined || !URL.canParse(location)) return null
  const { protocol, hostname } = new URL(location)
  return protocol === 'http:' && hostname === gateway ? location : null
}

function searchGateway(local: string, gateway: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref()
    const timers: NodeJS.Timeout[] = []
    const end = (location: string | null): void => {
      for (const timer of timers) clearTimeout(timer)
      socket.removeAllListeners('error').close()
      resolve(location)
    }
    socket.once('error', () => end(null))
    socket.on('message', (bytes, from) => {
      const location = from.address === gateway ? locationOf(bytes.toString('latin1'), gateway) : null
      if (location !== null) end(location)
    })
    socket.bind({ address: local, port: 0 }, () => {
      const search = (): void => {
        // Most gateways answer what is said to all, some only that; others hear what is said to them.
        socket.send(SEARCH, SSDP_PORT, SSDP_GROUP, () => undefined)
        socket.send(SEARCH, port, gateway, () => undefined)
      }
      search()
      timers.push(setTimeout(search, PATIENCE / 3).unref(), setTimeout(() => end(null), PATIENCE).unref())
    })
  })
}

const SSDP_GROUP = '239.255.255.250'
export const SSDP_PORT = 1_900
const SEARCH = [
  'M-SEARCH * HTTP/1.1',
  `HOST: ${SSDP_GROUP}:${SSDP_PORT}`,
  'MAN: "ssdp:discover"',
  'MX: 1',
  'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  '',
  '',
].join('\r\n')
const SERVICE = /^urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12]$/
/** Milliseconds for each step. */
const PATIENCE = 1_500
const MAX_TEXT = 262_144
