import { transportAddress } from '../transport-address.ts'
import { UdpSocket } from './udp-socket.ts'

export interface DiscoveryBinding {
  /** Two IP addresses of one family, both of this machine. */
  readonly addresses: readonly [string, string]
  /** The two ports, the same on both addresses. Default 3478 and 3479; 0 takes free ones. */
  readonly ports?: readonly [number, number]
}

export type TwoByTwo = readonly [readonly [UdpSocket, UdpSocket], readonly [UdpSocket, UdpSocket]]

/** Binds each port on both addresses. Rejects with the system's error and nothing left bound. */
export async function bindTwoByTwo({ addresses, ports = [3478, 3479] }: DiscoveryBinding): Promise<TwoByTwo> {
  const [first, second] = ports
  const one = await bindOnBoth(addresses, first)
  try {
    const two = await bindOnBoth(addresses, second)
    return [
      [one[0], two[0]],
      [one[1], two[1]],
    ]
  } catch (error) {
    await Promise.all(one.map((socket) => socket.close()))
    throw error
  }
}

async function bindOnBoth(
  [a, b]: readonly [string, string],
  port: number,
): Promise<readonly [UdpSocket, UdpSocket]> {
  for (let tries = port === 0 ? 10 : 1; ; tries--) {
    const first = await UdpSocket.bind(transportAddress(a, port))
    try {
      return [first, await UdpSocket.bind(transportAddress(b, first.local.port))]
    } catch (error) {
      await first.close()
      // A port that is free on one address may be taken on the other: then another one will do.
      if (tries <= 1) throw error
    }
  }
}
