import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import { IceSockets, PortMapper } from '../src/node/index.ts'
import { parseRoutes } from '../src/node/port-mapping/default-gateway.ts'
import {
  decodeAddress,
  decodeMapping,
  encodeMappingRequest,
} from '../src/node/port-mapping/nat-pmp-message.ts'
import { decodePcpMap, encodePcpMap } from '../src/node/port-mapping/pcp-message.ts'
import { locationOf, serviceOf } from '../src/node/port-mapping/upnp-discovery.ts'
import { Gateway, type GatewayKind } from './support/gateway.ts'

const internal = { family: 'IPv4', address: '127.0.0.1', port: 40_000 } as const
const outside = { family: 'IPv4', address: '198.51.100.9', port: 40_001 } as const

describe('a router', () => {
  let gateway: Gateway
  let mapper: PortMapper

  beforeEach(stopClock)
  afterEach(async () => {
    await mapper.close()
    await gateway.close()
  })

  async function start(kind: GatewayKind): Promise<void> {
    gateway = await Gateway.start(kind)
    mapper = new PortMapper({ gateway: '127.0.0.1', port: gateway.port, upnpPort: gateway.upnpPort })
  }

  /** What is mapped within four seconds; they begin when the gateway was asked, and its description read if it is to be. */
  async function inTime<T>(mapped: Promise<T>, isDescribed = false): Promise<T> {
    await eventually(() => gateway.datagrams > 0 && (gateway.described > 0 || !isDescribed))
    let isSettled = false
    void mapped.then(() => (isSettled = true))
    for (let passed = 0; passed < 4_000 && !isSettled; passed += 50) {
      await jest.advanceTimersByTimeAsync(50)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return mapped
  }

  test.each([
    ['pcp', 2],
    ['nat-pmp', 0],
  ] as const)(
    'that speaks %s lets a port be reached, once for each socket, until it is given back',
    async (kind, version) => {
      await start(kind)
      expect(await mapper.map(internal)).toEqual(outside)
      expect(await mapper.map(internal)).toEqual(outside)
      expect(await mapper.map({ ...internal, port: 50_000 })).toEqual({ ...outside, port: 50_001 })
      expect(gateway.requests.map(({ internalPort, lifetime }) => [internalPort, lifetime])).toEqual([
        [40_000, 7_200],
        [50_000, 7_200],
      ])
      await mapper.unmap({ ...internal, port: 50_000 })
      await mapper.close()
      await eventually(() => gateway.requests.length === 4)
      expect(gateway.requests.slice(2)).toMatchObject([
        { version, internalPort: 50_000, lifetime: 0 },
        { version, internalPort: 40_000, lifetime: 0 },
      ])
      // What ends a mapping proves that it is whose mapping it was.
      expect(gateway.requests[3]?.nonce).toBe(gateway.requests[0]?.nonce)
      expect(await mapper.map(internal)).toBeNull()
    },
  )

  test.each(['pcp', 'nat-pmp'] as const)(
    'that speaks %s is asked again before its grant ends',
    async (kind) => {
      await start(kind)
      // The least that counts is four seconds, of which half is waited.
      gateway.lifetime = 1
      await mapper.map(internal)
      jest.advanceTimersByTime(1_999)
      expect(gateway.requests).toHaveLength(1)
      jest.advanceTimersByTime(1)
      await eventually(() => gateway.requests.length === 2)
      expect(gateway.requests[1]).toMatchObject({
        internalPort: 40_000,
        externalPort: 40_001,
        lifetime: 7_200,
        nonce: gateway.requests[0]?.nonce,
      })
    },
  )

  test.each(['refusing', 'silent', 'garbage'] as const)('that is %s maps nothing', async (kind) => {
    await start(kind)
    const mapped = mapper.map(internal)
    // A refusal is an answer.
    expect(await (kind === 'refusing' ? mapped : inTime(mapped))).toBeNull()
    if (kind === 'refusing') return
    // Nobody waits for it twice.
    expect(await mapper.map({ ...internal, port: 50_000 })).toBeNull()
  })

  test('that has nothing but UPnP is asked by it, and the mapping is taken back', async () => {
    await start('upnp')
    expect(await inTime(mapper.map(internal), gateway.location === null)).toEqual({
      ...outside,
      port: 40_000,
    })
    await mapper.close()
    expect(gateway.actions).toEqual([
      'GetExternalIPAddress 0',
      'AddPortMapping 40000 7200',
      'DeletePortMapping 40000',
    ])
  })

  test('of UPnP that has the port taken, and maps for ever alone, is given another port and no lease', async () => {
    await start('upnp')
    gateway.taken.add(40_000)
    gateway.isPermanent = true
    const mapped = await inTime(mapper.map(internal), gateway.location === null)
    expect(mapped?.address).toBe('198.51.100.9')
    expect(mapped?.port).not.toBe(40_000)
    expect(gateway.actions.slice(1)).toEqual([
      'AddPortMapping 40000 7200',
      `AddPortMapping ${mapped?.port} 7200`,
      `AddPortMapping ${mapped?.port} 0`,
    ])
  })

  test.each([
    'http://198.51.100.7/desc.xml',
    'file:///etc/passwd',
    'http://127.0.0.1:1/desc.xml',
    'nonsense',
  ])('of UPnP that points to %s is not followed, or nothing is there', async (location) => {
    await start('upnp')
    gateway.location = location
    expect(await inTime(mapper.map(internal), gateway.location === null)).toBeNull()
    expect(gateway.actions).toEqual([])
  })

  test('becomes a server-reflexive candidate of the sockets, which give it back', async () => {
    await start('pcp')
    const ignore = (): void => undefined
    const sockets = new IceSockets(
      {
        addresses: ['127.0.0.1'],
        portMapping: { gateway: '127.0.0.1', port: gateway.port, upnpPort: gateway.upnpPort },
      },
      {
        handleDatagram: ignore,
        handleServerMessage: ignore,
        serverLost: ignore,
        connectionLost: ignore,
        nameResolved: ignore,
      },
    )
    const [socket] = await sockets.open()
    expect(socket?.mapped).toEqual([{ ...outside, port: (socket?.address.port ?? 0) + 1 }])
    await sockets.close()
    await eventually(() => gateway.requests.at(-1)?.lifetime === 0)
  })
})

describe('messages', () => {
  const nonce = Uint8Array.from({ length: 12 }, (_, i) => i + 1)
  const mapping = {
    nonce,
    internal: { ...internal, address: '192.168.1.5' },
    lifetime: 7_200,
    suggested: null,
  }

  test('a PCP request, byte by byte (RFC 6887 §7.1, §11.1)', () => {
    expect(Buffer.from(encodePcpMap(mapping)).toString('hex')).toBe(
      [
        '02010000' + '00001c20' + '00000000000000000000ffffc0a80105',
        '0102030405060708090a0b0c' + '11000000' + '9c40' + '0000' + '00000000000000000000ffff00000000',
      ].join(''),
    )
  })

  test('a NAT-PMP request, byte by byte (RFC 6886 §3.3)', () => {
    const request = encodeMappingRequest({ internalPort: 40_000, externalPort: 0, lifetime: 7_200 })
    expect(Buffer.from(request).toString('hex')).toBe('000100009c40000000001c20')
  })

  test('an answer with another nonce, port or protocol is none', () => {
    const answer = encodePcpMap({ ...mapping, suggested: outside })
    answer[1] = 0x81
    expect(decodePcpMap(answer, mapping)).toEqual({ result: 0, lifetime: 7_200, external: outside })
    for (const at of [0, 1, 24, 35, 36, 40]) {
      const other = new Uint8Array(answer)
      other[at]! ^= 1
      expect(decodePcpMap(other, mapping)).toBeNull()
    }
    expect(decodePcpMap(answer.subarray(0, -1), mapping)).toBeNull()
  })

  test('a description is taken from the gateway, and its control is there, too', () => {
    const describe = (type: string, control: string): string =>
      `<service><serviceType>${type}</serviceType><controlURL>${control}</controlURL></service>`
    const wan = 'urn:schemas-upnp-org:service:WANIPConnection:1'
    const at = 'http://10.0.0.1:5000/d/desc.xml'
    expect(serviceOf(describe(wan, 'control'), at)?.url).toBe('http://10.0.0.1:5000/d/control')
    expect(serviceOf(describe(wan, 'http://10.0.0.1:5000/c'), at)?.url).toBe('http://10.0.0.1:5000/c')
    for (const control of ['http://10.0.0.2:5000/c', 'https://10.0.0.1:5000/c', '//evil/c', 'http://'])
      expect(serviceOf(describe(wan, control), at)).toBeNull()
    expect(serviceOf(describe('urn:other:service:WANIPConnection:1', '/c'), at)).toBeNull()
    expect(locationOf(`HTTP/1.1 200 OK\r\nLocation: ${at}\r\n\r\n`, '10.0.0.1')).toBe(at)
    expect(locationOf(`HTTP/1.1 200 OK\r\nLocation: ${at}\r\n\r\n`, '10.0.0.2')).toBeNull()
    expect(locationOf(`NOTIFY * HTTP/1.1\r\nLocation: ${at}\r\n\r\n`, '10.0.0.1')).toBeNull()
  })

  test('any bytes are null or an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const first of [0, 2]) {
          const framed = new Uint8Array([first, 0x81, ...bytes])
          decodePcpMap(framed, mapping)
          decodeMapping(framed, 40_000)
          decodeAddress(new Uint8Array([first, 0x80, ...bytes]))
        }
      }),
    )
  })

  test('the gateway of Linux’s table of routes', () => {
    const header = 'Iface\tDestination\tGateway\tFlags\tRefCnt\n'
    expect(
      parseRoutes(`${header}eth0\t0002A8C0\t00000000\t0001\t0\neth0\t00000000\t0102A8C0\t0003\t0\n`),
    ).toBe('192.168.2.1')
    expect(parseRoutes(header)).toBeNull()
    expect(parseRoutes('eth0\t00000000\tnonsense\t0003\t0\n')).toBeNull()
  })
})
