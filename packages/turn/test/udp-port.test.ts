import { describe, expect, test } from '@jest/globals'
import { transportAddress } from '@purertc/stun'

import { eventually } from '../../bytes/test/support/still-clock.ts'
import { SendBuffer, UdpPort } from '../src/node/udp-port.ts'

describe('a port', () => {
  test('sends neither to port 0, which a forged packet may come from, nor once it is closed', async () => {
    const port = await UdpPort.bind(transportAddress('127.0.0.1', 0), new SendBuffer())
    const heard: string[] = []
    port.start(
      (_from, bytes) => heard.push(new TextDecoder().decode(bytes)),
      (error) => heard.push(error.message),
    )
    port.send({ ...port.local, port: 0 }, new TextEncoder().encode('nowhere'))
    port.send(port.local, new TextEncoder().encode('here'))
    await eventually(() => heard.length > 0)
    await port.close()
    port.send(port.local, new TextEncoder().encode('late'))
    expect(heard).toEqual(['here'])
  })

  test('lends nothing: what is sent stays as it was, however many are sent at once', async () => {
    const port = await UdpPort.bind(transportAddress('127.0.0.1', 0), new SendBuffer())
    const heard: number[] = []
    port.start(
      (_from, bytes) => {
        expect(bytes.every((byte) => byte === bytes[0])).toBe(true)
        heard.push(bytes[0] ?? -1)
      },
      () => {},
    )
    const scratch = new Uint8Array(1_000)
    for (let i = 0; i < 100; i++) port.send(port.local, scratch.fill(i))
    await eventually(() => heard.length === 100)
    expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => i))
    await port.close()
  })
})
